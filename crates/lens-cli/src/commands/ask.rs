//! `lens ask`: one answer for each picture, or one for all together.

use super::{
    Outcome,
    answering::{answer_silently, say},
    looking,
};
use crate::{
    args::Ask,
    commands::looking::Seen,
    exit::{Exit, Failure},
    session::Session,
    view::{AskedRecord, Reading, SeenRecord, TogetherRecord},
};
use lens::{Error, ErrorKind, Evidence, Lens, prompt::PackedPrompt};
use std::path::Path;

pub(super) fn run(args: Ask, session: &Session) -> Outcome {
    let Ask { images_and_question, question, together, show_prompt } = args;
    let (images, question) = split(images_and_question, question)?;
    let lens = session.lens()?;
    let asking = Asking { session, lens: &lens, question: &question, show_prompt };
    if together {
        return asking.together(&images);
    }
    let several = images.len() > 1 || Path::new(images.first().map_or("", String::as_str)).is_dir();
    looking::for_each(session, &lens, &images, Some(&question), &mut |seen| asking.each(&seen, several))
}

/// The last argument is the question, unless `--question` gives it.
fn split(mut images: Vec<String>, question: Option<String>) -> Result<(Vec<String>, String), Failure> {
    if let Some(question) = question {
        return Ok((images, question));
    }
    let last = images.pop().unwrap_or_default();
    if names_a_picture(&last) {
        return Err(missing(&last, "only pictures", &format!("{last} \"What is unusual here?\"")));
    }
    if images.is_empty() {
        return Err(missing("lens ask", "one argument", "photo.jpg \"What is unusual here?\""));
    }
    if last.trim().is_empty() {
        return Err(Failure::Usage(Error::new(ErrorKind::Input, "the question").found("nothing but spaces")));
    }
    Ok((images, last))
}

fn names_a_picture(argument: &str) -> bool {
    argument == "-" || argument.starts_with("data:") || Path::new(argument).exists()
}

fn missing(thing: &str, found: &str, example: &str) -> Failure {
    Failure::Usage(
        Error::new(ErrorKind::Input, thing)
            .expected("pictures and then a question")
            .found(found)
            .hint(format!("add the question: lens ask {example}")),
    )
}

/// One question to one language model.
struct Asking<'a> {
    session: &'a Session<'a>,
    lens: &'a Lens,
    question: &'a str,
    show_prompt: bool,
}

impl Asking<'_> {
    fn each(&self, seen: &Seen, several: bool) -> Result<(), Failure> {
        if self.session.interrupt.is_raised() {
            return Ok(());
        }
        let printer = self.session.printer;
        let prompt = self.lens.prompt(&[&seen.evidence], &[], self.question)?;
        let label = if several { format!("{}: ", seen.name) } else { String::new() };
        if self.show_prompt {
            return self.print_prompt(&seen.name, &prompt);
        }
        if !printer.is_json() {
            say(self.session, self.lens, &prompt, &label)?;
            return Ok(());
        }
        let (answer, llm) = (answer_silently(self.session, self.lens, &prompt)?, self.lens.reader()?.info());
        let reading = Reading { question: self.question, prompt: &prompt, answer: &answer, llm: &llm };
        printer.json(&AskedRecord::new(&seen.name, &seen.evidence, reading))?;
        Ok(())
    }

    fn together(&self, images: &[String]) -> Outcome {
        let printer = self.session.printer;
        let (seen, exit) = looking::all(self.session, self.lens, images, Some(self.question))?;
        if seen.is_empty() || exit == Exit::Interrupted {
            return Ok(exit);
        }
        let pictures: Vec<&Evidence> = seen.iter().map(|(_, evidence)| evidence).collect();
        let prompt = self.lens.prompt(&pictures, &[], self.question)?;
        if self.show_prompt {
            self.print_prompt("", &prompt)?;
        } else if printer.is_json() {
            let (answer, llm) =
                (answer_silently(self.session, self.lens, &prompt)?, self.lens.reader()?.info());
            let reading = Reading { question: self.question, prompt: &prompt, answer: &answer, llm: &llm };
            let images = seen.iter().map(|(name, evidence)| SeenRecord { source: name, evidence }).collect();
            printer.json(&TogetherRecord::new(images, reading))?;
        } else {
            say(self.session, self.lens, &prompt, "")?;
        }
        Ok(if self.session.interrupt.is_raised() { Exit::Interrupted } else { exit })
    }

    fn print_prompt(&self, name: &str, prompt: &PackedPrompt) -> Result<(), Failure> {
        let printer = self.session.printer;
        if printer.is_json() {
            printer.json(&serde_json::json!({ "source": name, "prompt": prompt }))?;
            return Ok(());
        }
        if let Some(system) = &prompt.prompt.system {
            printer.line(system)?;
            printer.line("")?;
        }
        printer.line(&prompt.prompt.text)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::split;
    use crate::exit::Exit;

    #[test]
    fn the_question_comes_last_or_from_its_flag() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let (images, question) = split(words("a.jpg b.jpg Why?"), None).unwrap();
        assert_eq!((images, question.as_str()), (words("a.jpg b.jpg"), "Why?"));
        let (images, question) = split(words("a.jpg b.jpg"), Some("Why?".to_owned())).unwrap();
        assert_eq!((images.len(), question.as_str()), (2, "Why?"));
    }

    #[test]
    fn a_missing_question_is_noticed() {
        for arguments in
            [&["Cargo.toml"][..], &["a.jpg", "src"], &["a.jpg", "-"], &["a.jpg"], &["a.jpg", " "]]
        {
            let failure = split(arguments.iter().map(|&text| text.to_owned()).collect(), None).unwrap_err();
            assert_eq!(failure.exit(), Exit::Usage, "{arguments:?}");
        }
    }
}
