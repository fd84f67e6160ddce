//! The file of samples: one JSON line each, appended in batches that reach the disk, read back after a kill.

use crate::{
    Flaw, files,
    score::{Basis, Scores},
};
use fs_err::File;
use lens::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashMap},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// What became of one sample under one condition. Keys are those of lmms-eval where it has one; metrics stand among them by
/// their names.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Address of the content: run, condition, sample and picture.
    pub key: String,
    /// The sample's id.
    pub doc_id: String,
    /// What is asked about what.
    pub doc: Doc,
    /// The right answer, or the first of several.
    pub target: String,
    /// All right answers, as often as people gave them.
    pub targets: Vec<String>,
    /// What the model read.
    pub arguments: Vec<String>,
    /// What it said.
    pub resps: Vec<Vec<String>>,
    /// What counts as its answer.
    pub filtered_resps: Vec<String>,
    /// Address of `doc`.
    pub doc_hash: String,
    /// Address of `arguments`.
    pub prompt_hash: String,
    /// Address of `target`.
    pub target_hash: String,
    /// The picture's SHA-256.
    pub image_sha256: Option<String>,
    /// The evidence that was read, before modules were left out.
    pub evidence_id: Option<String>,
    /// Ids of the demonstrations, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub demonstrations: Vec<String>,
    /// What did not fit into the prompt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<String>,
    /// What decided on the class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    /// What it was decided from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scores: Option<Scores>,
    /// Odd things about the sample.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<Flaw>,
    /// Why the sample has no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Flaw>,
    /// Values in 0..=1.
    #[serde(flatten)]
    pub metrics: BTreeMap<String, f64>,
}

/// What is asked about what.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Doc {
    /// Place in the split.
    pub index: usize,
    /// The question.
    pub question: String,
}

/// Of a line, what resuming needs.
#[derive(Deserialize)]
struct Head {
    key: String,
    #[serde(default)]
    error: Option<serde::de::IgnoredAny>,
}

/// Lines being written.
pub(super) struct Lines {
    path: PathBuf,
    file: File,
    written: usize,
    broken: usize,
    /// Lines that stand elsewhere in the file than they should: (line, whether it is an error).
    spare: HashMap<String, (String, bool)>,
}

impl Lines {
    /// Opens or makes the file. What it holds in the order of `keys` stays; a line torn by a kill goes.
    pub(super) fn open(path: &Path, keys: &[String]) -> Result<Self> {
        let failed = |error| files::unwritable(path, error);
        let mut file =
            File::options().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        let mut lines = Self { path: path.to_path_buf(), file, written: 0, broken: 0, spare: HashMap::new() };
        let mut kept = 0;
        let mut in_order = true;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let Some(head) =
                line.ends_with(b"\n").then(|| serde_json::from_slice::<Head>(line).ok()).flatten()
            else {
                in_order = false;
                continue;
            };
            in_order = in_order && keys.get(lines.written) == Some(&head.key);
            if in_order {
                kept += line.len();
                lines.written += 1;
                lines.broken += usize::from(head.error.is_some());
            } else {
                let text = String::from_utf8_lossy(line).into_owned();
                lines.spare.insert(head.key, (text, head.error.is_some()));
            }
        }
        lines.file.set_len(kept as u64).map_err(failed)?;
        lines.file.seek(SeekFrom::End(0)).map_err(failed)?;
        Ok(lines)
    }

    /// Lines in the file.
    pub(super) fn written(&self) -> usize {
        self.written
    }

    /// Lines in the file that are errors.
    pub(super) fn broken(&self) -> usize {
        self.broken
    }

    /// Whether [`Self::keep`] has a line of this key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.spare.contains_key(key)
    }

    /// Appends a line that an earlier start wrote elsewhere.
    pub(super) fn keep(&mut self, key: &str) -> Result<()> {
        let (text, is_error) = self.spare.remove(key).unwrap_or_default();
        self.append(&text, is_error)
    }

    pub(super) fn add(&mut self, line: &Line) -> Result<()> {
        let text = serde_json::to_string(line)
            .map_err(|error| Error::new(ErrorKind::Internal, "a sample as JSON").because(error))?;
        self.append(&(text + "\n"), line.error.is_some())
    }

    fn append(&mut self, text: &str, is_error: bool) -> Result<()> {
        self.file.write_all(text.as_bytes()).map_err(|error| files::unwritable(&self.path, error))?;
        self.written += 1;
        self.broken += usize::from(is_error);
        Ok(())
    }

    /// Waits until everything is on the disk.
    pub(super) fn sync(&mut self) -> Result<()> {
        self.file.sync_data().map_err(|error| files::unwritable(&self.path, error))
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, Lines};

    fn line(key: &str) -> Line {
        Line { key: key.into(), metrics: [("accuracy".into(), 1.0)].into(), ..Line::default() }
    }

    fn keys(keys: &[&str]) -> Vec<String> {
        keys.iter().map(|key| (*key).to_owned()).collect()
    }

    #[test]
    fn a_torn_line_goes_and_the_rest_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("samples.jsonl");
        let mut lines = Lines::open(&path, &keys(&["a", "b", "c"])).unwrap();
        lines.add(&line("a")).unwrap();
        lines.add(&line("b")).unwrap();
        drop(lines);
        let whole = fs_err::read(&path).unwrap();
        for cut in 0..whole.len() {
            fs_err::write(&path, &whole[..cut]).unwrap();
            let mut lines = Lines::open(&path, &keys(&["a", "b", "c"])).unwrap();
            for key in &["a", "b"][lines.written()..] {
                lines.add(&line(key)).unwrap();
            }
            drop(lines);
            assert_eq!(fs_err::read(&path).unwrap(), whole, "cut at {cut}");
        }
    }

    #[test]
    fn lines_of_another_order_are_kept_where_they_belong() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("samples.jsonl");
        let mut lines = Lines::open(&path, &keys(&["b"])).unwrap();
        lines.add(&line("b")).unwrap();
        drop(lines);
        let mut lines = Lines::open(&path, &keys(&["a", "b"])).unwrap();
        assert!(lines.written() == 0 && lines.has("b") && !lines.has("a"));
        lines.add(&line("a")).unwrap();
        lines.keep("b").unwrap();
        drop(lines);
        let text = fs_err::read_to_string(&path).unwrap();
        let found: Vec<Line> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(found, [line("a"), line("b")]);
    }
}
