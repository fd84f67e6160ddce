//! The files of one model, by name.

use super::{Tensors, bytes::Bytes, fingerprint, locate, memo};
use crate::{Error, ErrorKind, Result};
use serde::de::DeserializeOwned;
use std::{
    borrow::Cow,
    collections::BTreeMap,
    io,
    path::{Component, Path, PathBuf},
};

/// Larger than any configuration or tokenizer; weights are mapped and have no limit.
const MAX_TEXT_FILE: u64 = 1 << 28;

/// The files of one model: a folder in the Hugging Face layout, or the same files inside the binary.
#[derive(Debug)]
pub struct Checkpoint {
    name: String,
    source: Source,
    memo: Option<PathBuf>,
}

#[derive(Debug)]
enum Source {
    Folder(PathBuf),
    Embedded(BTreeMap<&'static str, &'static [u8]>),
}

impl Checkpoint {
    /// A folder that holds `config.json`, the tokenizer and the weights of a model. The files may be symbolic links,
    /// as in the Hugging Face cache.
    ///
    /// # Errors
    /// `Config` when there is no such folder.
    pub fn open(folder: &Path) -> Result<Self> {
        let name = folder.display().to_string();
        let metadata = fs_err::metadata(folder).map_err(|error| {
            Error::new(ErrorKind::Config, format!("model folder {name}"))
                .found("cannot be opened")
                .because(error)
        })?;
        if !metadata.is_dir() {
            let error = Error::new(ErrorKind::Config, format!("model {name}"));
            return Err(error
                .expected("a folder")
                .found("a file")
                .hint("name the folder that holds config.json"));
        }
        Ok(Self { name, source: Source::Folder(folder.to_owned()), memo: None })
    }

    /// Files inside the binary: file name -> bytes.
    ///
    /// # Errors
    /// `Internal` when a name is given twice or is not a plain file name.
    pub fn embedded(name: &str, files: &[(&'static str, &'static [u8])]) -> Result<Self> {
        let mut by_name = BTreeMap::new();
        for &(file, bytes) in files {
            if !is_plain(file) || by_name.insert(file, bytes).is_some() {
                let error = Error::new(ErrorKind::Internal, format!("{name}, embedded file `{file}`"));
                return Err(error.expected("a plain file name, once"));
            }
        }
        Ok(Self { name: name.to_owned(), source: Source::Embedded(by_name), memo: None })
    }

    /// Keeps the fingerprint in `folder`, so that it is computed once for each state of the files (path, size, time of
    /// change, inode). A folder that cannot be written costs only the keeping.
    #[must_use]
    pub fn remembering(self, folder: impl Into<PathBuf>) -> Self {
        Self { memo: Some(folder.into()), ..self }
    }

    /// The folder's path or the embedded model's name, for messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the files are inside the binary.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        matches!(self.source, Source::Embedded(_))
    }

    /// The bytes of a small file (configuration, tokenizer), `None` when there is none.
    ///
    /// # Errors
    /// `Config` when the file cannot be read, is not a file or is larger than 256 MiB.
    pub fn file(&self, name: &str) -> Result<Option<Cow<'_, [u8]>>> {
        match &self.source {
            Source::Embedded(files) => Ok(files.get(name).map(|&bytes| Cow::Borrowed(bytes))),
            Source::Folder(folder) => {
                let Some((path, size)) = self.find(folder, name)? else { return Ok(None) };
                if size > MAX_TEXT_FILE {
                    let error = Error::new(ErrorKind::Config, self.label(name));
                    return Err(error.expected("at most 256 MiB").found(format!("{size} bytes")));
                }
                let bytes = fs_err::read(&path).map_err(|error| self.unreadable(name, error))?;
                Ok(Some(Cow::Owned(bytes)))
            }
        }
    }

    /// A JSON file as `T`.
    ///
    /// # Errors
    /// `Config`, naming the file and the field, when the file is missing, is not JSON or does not fit `T`.
    pub fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        let bytes = self.file(name)?.ok_or_else(|| {
            let error = Error::new(ErrorKind::Config, self.label(name)).expected("the file").found("none");
            error.hint("use a folder in the Hugging Face layout, with all the files of the model")
        })?;
        self.parse_json(name, &bytes)
    }

    /// A JSON file as `T`, `None` when there is no such file.
    ///
    /// # Errors
    /// As [`Self::json`].
    pub fn json_if_present<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        self.file(name)?.map(|bytes| self.parse_json(name, &bytes)).transpose()
    }

    /// All named tensors: `model.safetensors`, or the shards of `model.safetensors.index.json`, or
    /// `open_clip_model.safetensors`, the first that is there. Only the headers are read now.
    ///
    /// # Errors
    /// `Weights` when no such file is there (pickle files are never opened), a shard is missing or a file is damaged.
    pub fn tensors(&self) -> Result<Tensors> {
        let files = locate::weight_files(self)?;
        let tensors = Tensors::from_files(&self.name, files.mapped)?;
        if let Some(index) = files.index {
            index.check(&tensors)?;
        }
        Ok(tensors)
    }

    /// SHA-256 over the names and bytes of the files that decide results: configuration, preprocessing, tokenizer,
    /// weights. The same for a folder wherever it lies and for its files inside the binary. Reads all weights,
    /// unless it is [remembered](Self::remembering).
    ///
    /// # Errors
    /// As [`Self::file`] and [`Self::tensors`].
    pub fn fingerprint(&self) -> Result<[u8; 32]> {
        let (Source::Folder(folder), Some(memo)) = (&self.source, &self.memo) else {
            return fingerprint::of(self);
        };
        let files: Vec<PathBuf> =
            fingerprint::file_names(self)?.into_iter().map(|name| folder.join(name)).collect();
        memo::remembered(memo, &files, || fingerprint::of(self))
    }

    /// A file of this model as messages name it.
    pub(crate) fn label(&self, file: &str) -> String {
        match &self.source {
            Source::Folder(folder) => folder.join(file).display().to_string(),
            Source::Embedded(_) => format!("{}, {file}", self.name),
        }
    }

    /// The bytes of a large file, mapped; `None` when there is none.
    pub(super) fn map(&self, name: &str) -> Result<Option<Bytes>> {
        match &self.source {
            Source::Embedded(files) => Ok(files.get(name).map(|&bytes| Bytes::embedded(bytes))),
            Source::Folder(folder) => {
                let Some((path, _)) = self.find(folder, name)? else { return Ok(None) };
                Bytes::map(&path).map(Some).map_err(|error| self.unreadable(name, error))
            }
        }
    }

    /// The names of all files, sorted.
    pub(super) fn file_names(&self) -> Result<Vec<String>> {
        let mut names: Vec<String> = match &self.source {
            Source::Embedded(files) => files.keys().map(|&name| name.to_owned()).collect(),
            Source::Folder(folder) => fs_err::read_dir(folder)
                .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.file_name())).collect())
                .map(|names: Vec<_>| names.into_iter().filter_map(|name| name.into_string().ok()).collect())
                .map_err(|error| self.unreadable("", error))?,
        };
        names.sort_unstable();
        Ok(names)
    }

    /// Path and length in bytes of a file, links followed; `None` when there is none.
    fn find(&self, folder: &Path, name: &str) -> Result<Option<(PathBuf, u64)>> {
        if !is_plain(name) {
            let error = Error::new(ErrorKind::Config, format!("{}, file `{name}`", self.name));
            return Err(error.expected("the plain name of a file inside the model's folder"));
        }
        let path = folder.join(name);
        match fs_err::metadata(&path) {
            Ok(metadata) if metadata.is_file() => Ok(Some((path, metadata.len()))),
            Ok(_) => Err(Error::new(ErrorKind::Config, self.label(name)).expected("a regular file")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.unreadable(name, error)),
        }
    }

    fn parse_json<T: DeserializeOwned>(&self, name: &str, bytes: &[u8]) -> Result<T> {
        let mut json = serde_json::Deserializer::from_slice(bytes);
        let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let thing = match error.path().to_string() {
                path if error.inner().is_data() && path != "." => {
                    format!("{}, field `{path}`", self.label(name))
                }
                _ => self.label(name),
            };
            Error::new(ErrorKind::Config, thing).found(error.into_inner().to_string())
        })?;
        json.end()
            .map_err(|error| Error::new(ErrorKind::Config, self.label(name)).found(error.to_string()))?;
        Ok(value)
    }

    fn unreadable(&self, name: &str, error: io::Error) -> Error {
        Error::new(ErrorKind::Config, self.label(name)).found("cannot be read").because(error)
    }
}

/// A file name without folders: nothing outside the model's folder can be named.
pub(super) fn is_plain(name: &str) -> bool {
    let mut components = Path::new(name).components();
    matches!((components.next(), components.next()), (Some(Component::Normal(part)), None) if part == name)
}
