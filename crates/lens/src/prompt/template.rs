//! Prompt templates: plain Jinja files, ours and the user's.

use super::scene::Scene;
use crate::{Error, ErrorKind, Result};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, syntax::SyntaxConfig, value::Serde};
use std::path::Path;

/// The templates inside the program by name.
const BUILTIN: [(&str, &str); 9] = [
    ("default", include_str!("../../templates/default.jinja")),
    ("chat", include_str!("../../templates/chat/user.jinja")),
    ("llm-lens/all", include_str!("../../templates/llm-lens/all.jinja")),
    ("llm-lens/vqa", include_str!("../../templates/llm-lens/vqa.jinja")),
    ("llm-lens/vision", include_str!("../../templates/llm-lens/vision.jinja")),
    ("llm-lens/hm", include_str!("../../templates/llm-lens/hm.jinja")),
    ("paper/vision", include_str!("../../templates/paper/vision.jinja")),
    ("paper/vqa", include_str!("../../templates/paper/vqa.jinja")),
    ("paper/hateful", include_str!("../../templates/paper/hateful.jinja")),
];

/// The system text of models that converse.
const CHAT_SYSTEM: &str = include_str!("../../templates/chat/system.jinja");

/// How evidence and question become one text.
#[derive(Debug, Clone)]
pub struct Template {
    name: String,
    environment: Environment<'static>,
    takes_many: bool,
    takes_history: bool,
    fenced: bool,
}

impl Template {
    /// The names that [`Self::named`] knows.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILTIN.iter().map(|(name, _)| *name)
    }

    /// A template of the program by name, or the file at a path.
    ///
    /// # Errors
    /// `Config` when the name is unknown and no such file exists, or when the file is no template.
    pub fn named(name_or_path: &str) -> Result<Self> {
        if let Some((name, source)) = BUILTIN.iter().find(|(name, _)| *name == name_or_path) {
            return Self::parse(name, source);
        }
        if Path::new(name_or_path).is_file() {
            return Self::open(Path::new(name_or_path));
        }
        Err(Error::new(ErrorKind::Config, "prompt template")
            .expected(format!("a file or one of {}", Self::names().collect::<Vec<_>>().join(", ")))
            .found(format!("`{name_or_path}`")))
    }

    /// Reads a template file.
    ///
    /// # Errors
    /// `Config` when the file cannot be read or is no template.
    pub fn open(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        match fs_err::read_to_string(path) {
            Ok(source) => Self::parse(&name, &source),
            Err(error) => Err(Error::new(ErrorKind::Config, name).because(error)),
        }
    }

    /// A template from its text; `name` stands in errors and records.
    ///
    /// Variables: `pictures` (each with `tags`, `attributes`, `captions`, `caption`, `samples`, `ocr`, `fence`), the
    /// same lists of the first picture without `pictures`, `history` (`question`, `answer`) and `question`.
    ///
    /// # Errors
    /// `Config` with the place when the text is no template.
    pub fn parse(name: &str, source: &str) -> Result<Self> {
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder().trim_blocks(true).build();
        environment.set_syntax(syntax.map_err(|error| refuse(name, error))?);
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.add_template("system", CHAT_SYSTEM).map_err(|error| refuse("system", error))?;
        environment.add_template_owned("user", source.to_owned()).map_err(|error| refuse(name, error))?;
        let variables = environment
            .get_template("user")
            .map_err(|error| refuse(name, error))?
            .undeclared_variables(false);
        let (takes_many, takes_history) = (variables.contains("pictures"), variables.contains("history"));
        let fenced = source.contains("fence");
        Ok(Self { name: name.to_owned(), environment, takes_many, takes_history, fenced })
    }

    /// The name or path.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it shows more than one picture.
    #[must_use]
    pub fn takes_many(&self) -> bool {
        self.takes_many
    }

    /// Whether it shows the earlier turns of a conversation.
    #[must_use]
    pub fn takes_history(&self) -> bool {
        self.takes_history
    }

    /// Whether it puts the evidence between fences.
    #[must_use]
    pub fn is_fenced(&self) -> bool {
        self.fenced
    }

    pub(super) fn user_text(&self, scene: &Scene) -> Result<String> {
        self.render("user", scene)
    }

    pub(super) fn system_text(&self, scene: &Scene) -> Result<String> {
        self.render("system", scene)
    }

    fn render(&self, part: &str, scene: &Scene) -> Result<String> {
        let template = self.environment.get_template(part).map_err(|error| refuse(&self.name, error))?;
        template.render(Serde(scene)).map_err(|error| refuse(&self.name, error))
    }
}

fn refuse(name: &str, error: minijinja::Error) -> Error {
    Error::new(ErrorKind::Config, format!("prompt template `{name}`")).found(error.to_string()).because(error)
}
