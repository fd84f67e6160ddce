//! `lens vocab describe`: a language model writes the attributes of new categories, the role that GPT-3 had for the
//! released vocabulary (paper, section 3.1; Menon and Vondrick, arXiv 2210.07183).

use super::Outcome;
use crate::{
    exit::{Exit, Failure, Tally},
    session::Session,
};
use lens::{Cancel, Decoding, Error, ErrorKind, Llm, Prompt, vocab::Vocabulary};
use std::{
    collections::HashSet,
    io::{Seek, SeekFrom, Write},
    path::Path,
};

/// Room for about ten short lines.
const MAX_TOKENS: usize = 200;

pub(super) fn run(session: &Session, categories: &Path, output: Option<&Path>) -> Outcome {
    let categories = Vocabulary::open(categories)?;
    let lens = session.reader()?;
    let llm = lens.reader()?;
    let mut sheet = output.map(Sheet::open).transpose()?;
    let done = sheet.as_ref().map(|sheet| sheet.described.clone()).unwrap_or_default();
    let rest: Vec<&String> = categories.texts().iter().filter(|category| !done.contains(*category)).collect();
    let total = categories.texts().len() as u64;
    let mut tally = Tally::default();
    let progress = session.printer.progress("asking for attributes");
    for (index, category) in rest.iter().enumerate() {
        progress.steps(total - (rest.len() - index) as u64, total);
        let described = attributes(llm, category, session.interrupt.cancel());
        if session.interrupt.is_raised() {
            // Half an answer would count as the whole at the next run.
            return Ok(Exit::Interrupted);
        }
        match described {
            Ok(lines) => {
                match &mut sheet {
                    Some(sheet) => sheet.append(&lines)?,
                    None => lines.iter().try_for_each(|line| session.printer.line(line))?,
                }
                tally.succeeded();
            }
            Err(error) => {
                tally.failed(error.kind());
                session.printer.picture_error(category, &error)?;
            }
        }
    }
    Ok(tally.exit())
}

/// The attributes of one category, each a whole line of the vocabulary.
fn attributes(llm: &dyn Llm, category: &str, cancel: &Cancel) -> Result<Vec<String>, Error> {
    let prompt = Prompt::new(format!(
        "How can a {category} in a photo be told from other things? List up to eight features that the eye can see. \
         Write each on a line of its own that starts with \"- \", in a few words, and nothing else."
    ));
    let decoding = Decoding { max_new_tokens: Some(MAX_TOKENS), ..Decoding::greedy() };
    let answers = llm.answer(&[prompt], &decoding, &mut |_, _| (), cancel)?;
    let text = answers.first().map(|answer| answer.text.as_str()).unwrap_or_default();
    let lines: Vec<String> = features(text).map(|feature| sentence(category, feature)).collect();
    if lines.is_empty() {
        return Err(Error::new(ErrorKind::Model, format!("features of a {category}"))
            .expected("lines that start with \"- \"")
            .found(if text.is_empty() { "no text" } else { text })
            .hint(
                "name a language model that follows instructions: --llm http://localhost:11434/v1#llama3.2",
            ));
    }
    Ok(lines)
}

/// The items of a list with dashes, stars, dots or numbers.
fn features(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let line = line.trim();
        let bare = line.strip_prefix(['-', '*', '\u{2022}']).or_else(|| {
            let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
            if rest.len() < line.len() { rest.strip_prefix(['.', ')']) } else { None }
        })?;
        Some(bare.trim().trim_end_matches('.')).filter(|feature| !feature.is_empty())
    })
}

/// The form of the released vocabulary: `cat which has long whiskers`, `cat which is a small animal`.
fn sentence(category: &str, feature: &str) -> String {
    let first = feature.split(' ').next().unwrap_or_default().to_lowercase();
    let joint = match first.as_str() {
        "a" | "an" | "used" => "which is",
        "has" | "have" | "often" | "typically" | "usually" | "may" | "can" | "is" | "are" => "which",
        _ => "which has",
    };
    format!("{category} {joint} {feature}")
}

/// A vocabulary file that grows by one category at a time.
struct Sheet {
    file: fs_err::File,
    described: HashSet<String>,
}

impl Sheet {
    /// Opens or makes the file; a last line without its end was cut off and goes.
    fn open(path: &Path) -> Result<Self, Failure> {
        let unusable = |error: std::io::Error| {
            Error::new(ErrorKind::Input, path.display().to_string())
                .expected("a file that can be written to")
                .found(error.to_string())
                .because(error)
        };
        let mut file = fs_err::OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)
            .map_err(unusable)?;
        let text = fs_err::read_to_string(path).map_err(unusable)?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        file.set_len(whole as u64).and_then(|()| file.seek(SeekFrom::End(0))).map_err(unusable)?;
        let category = |line: &str| line.split_once(" which ").map(|(category, _)| category.to_owned());
        Ok(Self {
            file,
            described: text.get(..whole).unwrap_or_default().lines().filter_map(category).collect(),
        })
    }

    fn append(&mut self, lines: &[String]) -> Result<(), Failure> {
        let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        Ok(self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_data())?)
    }
}

#[cfg(test)]
mod tests {
    use super::{Sheet, features, sentence};

    #[test]
    fn every_usual_form_of_list_is_read() {
        let text = "Here you are:\n- long whiskers.\n* four legs\n2) a tail\n3. fur\n\u{2022} ears\n\nDone";
        assert_eq!(
            features(text).collect::<Vec<_>>(),
            ["long whiskers", "four legs", "a tail", "fur", "ears"]
        );
    }

    #[test]
    fn features_become_lines_of_the_vocabulary() {
        for (feature, line) in [
            ("long whiskers", "cat which has long whiskers"),
            ("a small animal", "cat which is a small animal"),
            ("often asleep", "cat which often asleep"),
            ("used for catching mice", "cat which is used for catching mice"),
        ] {
            assert_eq!(sentence("cat", feature), line);
        }
    }

    #[test]
    fn a_run_goes_on_after_the_last_whole_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("birds.txt");
        fs_err::write(&path, "owl which has big eyes\nheron which has lo").unwrap();
        let mut sheet = Sheet::open(&path).unwrap();
        assert!(sheet.described.contains("owl") && !sheet.described.contains("heron"));
        sheet.append(&["heron which has long legs".to_owned()]).unwrap();
        let text = fs_err::read_to_string(&path).unwrap();
        assert_eq!(text, "owl which has big eyes\nheron which has long legs\n");
    }
}
