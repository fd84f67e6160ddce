//! The tags of a run as statements, right or wrong, for the report's calibration.

use super::vision::Vision;
use crate::{ModuleKind, Task, data::Row, files, tags::is_true, task::Kind};
use lens::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The listed tags of one sample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tagged {
    /// Place in the split.
    pub(crate) index: usize,
    /// (tag, its probability, whether it is true of the picture), best first.
    pub(crate) tags: Vec<(String, f64, bool)>,
}

/// The tags of a task's samples.
pub(crate) fn path(out: &Path, task: &str) -> PathBuf {
    out.join(format!("tags_{task}.jsonl"))
}

/// Whether the data set tells which tags are true: by its classes where tags are chosen among them, or by captions.
fn can_tell(task: &Task) -> bool {
    let tells = task.kind == Kind::Captioning || task.has_classes() && task.evidence.tags_are_classes;
    tells && task.evidence.modules.contains(&ModuleKind::Tags)
}

/// Writes the file once, where the data set can tell.
pub(super) fn write(out: &Path, task: &Task, rows: &[&Row], vision: &Vision<'_>) -> Result<()> {
    let path = path(out, &task.name);
    if path.exists() || !can_tell(task) {
        return Ok(());
    }
    let mut text = String::new();
    for row in rows {
        let (Ok(sample), Ok(sha256)) = (&row.sample, vision.sha256(row)) else { continue };
        let Some(evidence) = vision.lens.recall(sha256, None) else { continue };
        let classes = &vision.dataset.classes;
        let tags = evidence.tags.into_iter().map(|tag| {
            let right = is_true(sample, classes, &tag.text);
            (tag.text, f64::from(tag.probability), right)
        });
        let tagged = Tagged { index: row.index, tags: tags.collect() };
        text += &serde_json::to_string(&tagged)
            .map_err(|error| Error::new(ErrorKind::Internal, "tags as JSON").because(error))?;
        text.push('\n');
    }
    files::write_whole(&path, text.as_bytes())
}
