//! A folder for each class: `SPLIT/CLASS/*.jpg`, or `CLASS/*.jpg` where the splits are not apart.

use super::{Found, ImageRef, Place, Row, Sample, Truth, classes::ClassTable};
use crate::files;
use lens::{Result, image::Source};
use std::path::{Path, PathBuf};

/// The classes are the task's, or the folders in the order of their names; an id is the path below the split.
pub(super) fn read(place: &Place<'_>) -> Result<Found> {
    let split = place.root.join(place.split);
    let base = if split.is_dir() { split } else { place.root.clone() };
    let folders = sub_folders(&base)?;
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let classes = if place.task.data.classes.is_empty() {
        folders.iter().map(|folder| name(folder)).collect()
    } else {
        place.task.data.classes.clone()
    };
    let table = ClassTable::new(&classes);
    let mut rows = Vec::new();
    for folder in &folders {
        let class = table.find(&name(folder));
        for source in pictures(folder)? {
            let id = source.strip_prefix(&base).unwrap_or(&source).display().to_string();
            let sample =
                class.clone().map(|class| Sample::new(ImageRef::File(source.clone()), Truth::Class(class)));
            rows.push(Row::new(id, sample));
        }
    }
    Ok(Found { classes, rows, ..Found::default() })
}

fn sub_folders(base: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs_err::read_dir(base).map_err(|error| files::unreadable(base, error))?;
    let mut folders: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    Ok(folders)
}

fn pictures(folder: &Path) -> Result<Vec<PathBuf>> {
    let empty = fs_err::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
    if empty {
        return Ok(Vec::new());
    }
    let sources = Source::parse(&folder.display().to_string())?;
    let path = |source: Source| match source {
        Source::Path(path) => Some(path),
        _ => None,
    };
    Ok(sources.into_iter().filter_map(path).collect())
}
