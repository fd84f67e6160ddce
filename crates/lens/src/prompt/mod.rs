//! Evidence and question -> what a language model reads.

mod fence;
mod pack;
mod sanitize;
mod scene;
mod template;

pub use fence::FenceKey;
pub use pack::Floors;
pub use sanitize::clean;
pub use scene::Turn;
pub use template::Template;

use crate::{Error, ErrorKind, Evidence, Llm, Prompt, Result};
use pack::{Removal, Selection};
use scene::Scene;
use serde::Serialize;

/// Makes prompts of one form.
#[derive(Debug, Clone)]
pub struct PromptMaker {
    /// The form.
    pub template: Template,
    /// What stays of each module when the evidence is longer than the model reads.
    pub floors: Floors,
    /// The secret of the fences around evidence for models that converse.
    pub fence: FenceKey,
}

/// A prompt and what is not in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackedPrompt {
    /// What the model reads.
    pub prompt: Prompt,
    /// Name of the template.
    pub template: String,
    /// Tokens as the model counts them.
    pub tokens: usize,
    /// What did not fit, or has no place in the template: ids of items (`C9`; with several pictures `2:C9`) and
    /// `turn 1`, the oldest.
    pub dropped: Vec<String>,
}

impl PromptMaker {
    /// Puts the evidence of one or more pictures, the earlier turns and the question into one prompt that `llm` can
    /// read whole.
    ///
    /// # Errors
    /// `Input` when the question alone is longer than the model reads, or when the template shows one picture and
    /// there are more; `Config` when the template asks for something that is not there.
    pub fn make(
        &self,
        llm: &dyn Llm,
        pictures: &[&Evidence],
        history: &[Turn],
        question: &str,
    ) -> Result<PackedPrompt> {
        if pictures.len() > 1 && !self.template.takes_many() {
            return Err(Error::new(ErrorKind::Input, format!("template `{}`", self.template.name()))
                .expected("one picture")
                .found(format!("{} pictures", pictures.len()))
                .hint("ask about each picture on its own, or use the template `default`"));
        }
        let info = llm.info();
        let (history, unseen) =
            if self.template.takes_history() { (history, 0) } else { (&[][..], history.len()) };
        let request = Request { maker: self, pictures, history, question, chat: info.chat };
        let removals = pack::removals(pictures, history, self.floors);
        let fits = |count: usize| -> Result<Option<(Prompt, usize)>> {
            let prompt = request.without(removals.get(..count).unwrap_or_default())?;
            let tokens = count_tokens(llm, &prompt);
            Ok((tokens <= info.context_tokens).then_some((prompt, tokens)))
        };
        let (count, (prompt, tokens)) =
            fewest_that_fit(removals.len(), fits)?.ok_or_else(|| too_long(info.context_tokens))?;
        let mut dropped: Vec<String> = (1..=unseen).map(|turn| format!("turn {turn}")).collect();
        dropped.extend(names(removals.get(..count).unwrap_or_default(), pictures.len()));
        Ok(PackedPrompt { prompt, template: self.template.name().to_owned(), tokens, dropped })
    }
}

/// What one prompt is made of.
struct Request<'a> {
    maker: &'a PromptMaker,
    pictures: &'a [&'a Evidence],
    history: &'a [Turn],
    question: &'a str,
    chat: bool,
}

impl Request<'_> {
    fn without(&self, removals: &[Removal]) -> Result<Prompt> {
        let PromptMaker { template, fence, .. } = self.maker;
        let selection = Selection::without(removals);
        let mut scene = Scene::new(self.pictures, self.history, self.question, &selection, fence);
        scene.fenced = template.is_fenced();
        let system = if self.chat { Some(template.system_text(&scene)?) } else { None };
        Ok(Prompt { system, text: template.user_text(&scene)? })
    }
}

fn count_tokens(llm: &dyn Llm, prompt: &Prompt) -> usize {
    prompt.system.as_deref().map_or(0, |system| llm.count_tokens(system)) + llm.count_tokens(&prompt.text)
}

/// The smallest count in 0..=most that fits, found by halving: fewer items are fewer tokens.
fn fewest_that_fit<T>(most: usize, fits: impl Fn(usize) -> Result<Option<T>>) -> Result<Option<(usize, T)>> {
    if let Some(whole) = fits(0)? {
        return Ok(Some((0, whole)));
    }
    let (mut too_few, mut best) = (0, most);
    let Some(mut found) = fits(most)? else { return Ok(None) };
    while best - too_few > 1 {
        let middle = too_few.midpoint(best);
        match fits(middle)? {
            Some(prompt) => (best, found) = (middle, prompt),
            None => too_few = middle,
        }
    }
    Ok(Some((best, found)))
}

fn too_long(context_tokens: usize) -> Error {
    Error::new(ErrorKind::Input, "question")
        .expected(format!("a prompt of at most {context_tokens} tokens"))
        .found("more even without any evidence")
        .hint("ask a shorter question, or use a language model that reads more")
}

fn names(removals: &[Removal], pictures: usize) -> Vec<String> {
    let mut turn = 0;
    let name = |removal: &Removal| match removal {
        Removal::Item(picture, id) if pictures > 1 => format!("{}:{id}", picture + 1),
        Removal::Item(_, id) => id.clone(),
        Removal::OldestTurn => {
            turn += 1;
            format!("turn {turn}")
        }
    };
    removals.iter().map(name).collect()
}

#[cfg(test)]
mod tests;
