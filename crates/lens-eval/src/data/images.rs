//! Where the bytes of pictures are.

use super::parquet;
use crate::{Flaw, FlawKind};
use std::{
    io::{Read, Seek, SeekFrom},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

/// The encoded bytes of one picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageRef {
    /// A file.
    File(PathBuf),
    /// A part of a file.
    Slice {
        /// The archive.
        path: PathBuf,
        /// First byte.
        offset: u64,
        /// Number of bytes.
        length: u64,
    },
    /// A row of a Parquet file.
    Parquet {
        /// The file.
        path: PathBuf,
        /// Name of the column.
        column: String,
        /// Row group.
        group: usize,
        /// Row in the group.
        row: usize,
    },
    /// Here.
    Inline(Arc<[u8]>),
}

/// Reads pictures; keeps the last group of a Parquet file, whose rows are mostly read one after another.
#[derive(Debug, Default)]
pub struct Images(Mutex<Option<Group>>);

#[derive(Debug)]
struct Group {
    path: PathBuf,
    number: usize,
    pictures: Vec<Option<Arc<[u8]>>>,
}

impl Images {
    /// The bytes of a picture.
    ///
    /// # Errors
    /// [`FlawKind::MissingImage`] or [`FlawKind::UnreadableImage`], naming the file.
    pub fn read(&self, image: &ImageRef) -> Result<Arc<[u8]>, Flaw> {
        match image {
            ImageRef::Inline(bytes) => Ok(Arc::clone(bytes)),
            ImageRef::File(path) => fs_err::read(path).map(Arc::from).map_err(|error| unreadable(&error)),
            ImageRef::Slice { path, offset, length } => slice(path, *offset, *length),
            ImageRef::Parquet { path, column, group, row } => self.parquet(path, column, *group, *row),
        }
    }

    fn parquet(&self, path: &PathBuf, column: &str, number: usize, row: usize) -> Result<Arc<[u8]>, Flaw> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref().is_none_or(|group| (&group.path, group.number) != (path, number)) {
            let pictures = parquet::pictures(path, column, number).map_err(|found| {
                Flaw::new(FlawKind::UnreadableImage, format!("{}: {found}", path.display()))
            })?;
            *kept = Some(Group { path: path.clone(), number, pictures });
        }
        let picture = kept.as_ref().and_then(|group| group.pictures.get(row).cloned().flatten());
        picture.ok_or_else(|| {
            let place = format!("{}, row {row} of group {number}: no picture", path.display());
            Flaw::new(FlawKind::MissingImage, place)
        })
    }
}

fn slice(path: &PathBuf, offset: u64, length: u64) -> Result<Arc<[u8]>, Flaw> {
    let read = || {
        let mut file = fs_err::File::open(path)?;
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        file.take(length).read_to_end(&mut bytes)?;
        Ok(Arc::from(bytes))
    };
    read().map_err(|error: std::io::Error| unreadable(&error))
}

fn unreadable(error: &std::io::Error) -> Flaw {
    let kind = match error.kind() {
        std::io::ErrorKind::NotFound => FlawKind::MissingImage,
        _ => FlawKind::UnreadableImage,
    };
    Flaw::new(kind, error.to_string())
}
