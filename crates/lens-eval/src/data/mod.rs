//! Data sets: files of six layouts -> samples. A broken sample is a row that says what is wrong, never the end.

mod aokvqa;
mod classes;
mod folders;
mod hateful;
mod images;
mod parquet;
mod sample;
mod tsv;
mod vqa;
mod webdataset;

#[cfg(test)]
mod parquet_tests;
#[cfg(test)]
mod tests;

pub use images::{ImageRef, Images};
pub use sample::{Row, Sample, Truth};

use crate::{Flaw, FlawKind, Task, hash::uniform, task::Layout};
use lens::{Error, ErrorKind, Result};
use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

/// A split of a data set.
#[derive(Debug)]
pub struct Dataset {
    /// Names of the classes as they are asked and answered; empty where answers are free.
    pub classes: Vec<String>,
    /// What CLIP alone compares the picture with, where the files say it.
    pub templates: Vec<String>,
    /// The samples in the order of the files.
    pub rows: Vec<Row>,
    /// Where the pictures are read from.
    pub images: Images,
}

/// What a layout gives.
#[derive(Debug, Default)]
struct Found {
    /// As the files name them.
    classes: Vec<String>,
    templates: Vec<String>,
    rows: Vec<Row>,
}

impl Dataset {
    /// Reads the split `split` of the set at `path` without its pictures.
    ///
    /// # Errors
    /// `Input` when there is nothing to read, or a file that holds the whole set is broken.
    pub fn open(task: &Task, path: &Path, split: &str) -> Result<Self> {
        let place = Place { task, root: root(task, path), split };
        let found = match task.data.layout {
            Layout::Folders => folders::read(&place),
            Layout::Parquet => parquet::read(&place),
            Layout::Webdataset => webdataset::read(&place),
            Layout::Vqa => vqa::read(&place),
            Layout::Hateful => hateful::read(&place),
            Layout::Tsv => tsv::read(&place),
        }?;
        let Found { classes, templates, mut rows } = found;
        let classes = classes::renamed(&task.data.rename, classes);
        mark_duplicates(&mut rows);
        if rows.is_empty() {
            return Err(Error::new(ErrorKind::Input, place.root.display().to_string())
                .expected(format!("samples of the split `{split}`"))
                .found("none")
                .hint(format!("see the layout of the task: lens eval show {}", task.name)));
        }
        Ok(Self { classes, templates, rows, images: Images::default() })
    }

    /// At most `limit` rows, chosen by `seed` and id alone, in the order of the files: what a larger limit chooses holds
    /// what a smaller one does.
    #[must_use]
    pub fn choose(&self, limit: Option<usize>, seed: u64) -> Vec<&Row> {
        let all: Vec<&Row> = self.rows.iter().collect();
        let Some(limit) = limit.filter(|limit| *limit < all.len()) else { return all };
        let draw = |row: &Row| uniform(seed, ["sample", row.id.as_str(), &row.repeats.to_string()]);
        let mut drawn: Vec<(f64, usize)> = all.iter().map(|row| draw(row)).zip(0..).collect();
        drawn.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut places: Vec<usize> = drawn.into_iter().take(limit).map(|(_, place)| place).collect();
        places.sort_unstable();
        places.into_iter().filter_map(|place| all.get(place).copied()).collect()
    }
}

/// What a layout reads from.
struct Place<'a> {
    task: &'a Task,
    root: PathBuf,
    split: &'a str,
}

impl Place<'_> {
    /// A path of the task with the split put in.
    fn path(&self, pattern: &str) -> PathBuf {
        self.root.join(pattern.replace("{split}", self.split))
    }

    /// The files in `folder` that end in `extension`, sorted, numbers by their value.
    fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
        let entries = fs_err::read_dir(folder).into_iter().flatten().flatten();
        let mut files: Vec<PathBuf> = entries
            .map(|entry| entry.path())
            .filter(|path| path.is_file() && path.extension().is_some_and(|found| found == extension))
            .collect();
        let number = |path: &PathBuf| path.file_stem().and_then(|stem| stem.to_str()?.parse::<u64>().ok());
        files.sort_by_key(|path| (number(path), path.clone()));
        files
    }
}

/// A folder that holds several sets has one with the task's name in it.
fn root(task: &Task, path: &Path) -> PathBuf {
    let own = path.join(&task.name);
    let file = own.with_extension("parquet");
    match () {
        () if own.is_dir() => own,
        () if file.is_file() => file,
        () => path.to_path_buf(),
    }
}

/// The second and later samples of an id are broken: nobody could tell them apart.
fn mark_duplicates(rows: &mut [Row]) {
    let mut seen = HashSet::new();
    for (index, row) in rows.iter_mut().enumerate() {
        row.index = index;
        while !seen.insert((row.id.clone(), row.repeats)) {
            row.repeats += 1;
        }
        if row.repeats > 0 && row.sample.is_ok() {
            row.sample = Err(Flaw::new(FlawKind::DuplicateId, format!("the id `{}` stands before", row.id)));
        }
    }
}
