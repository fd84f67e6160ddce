//! The files of an OCR pair.

use crate::{Error, ErrorKind, Result};
use std::{
    borrow::Cow,
    fmt,
    path::{Path, PathBuf},
};

/// The characters of the models that ocrs publishes, in the order of their labels. (ocrs itself writes an "E" where the
/// models were trained on the euro sign.)
const PUBLISHED_ALPHABET: &str =
    " 0123456789!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~€ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A detector and a recogniser as rten or ONNX files, and the characters that the recogniser knows.
#[derive(Clone)]
pub struct OcrModels {
    /// What errors call the pair: its folder.
    pub(super) name: String,
    pub(super) detector: Cow<'static, [u8]>,
    pub(super) recogniser: Cow<'static, [u8]>,
    pub(super) alphabet: String,
    /// Words that tell what is likely where letters cannot be seen well.
    pub(super) words: Option<Cow<'static, str>>,
}

impl OcrModels {
    /// Models in memory. Without an alphabet it is that of the models that ocrs publishes.
    #[must_use]
    pub fn new(
        detector: impl Into<Cow<'static, [u8]>>,
        recogniser: impl Into<Cow<'static, [u8]>>,
        alphabet: Option<&str>,
    ) -> Self {
        let alphabet = alphabet.unwrap_or(PUBLISHED_ALPHABET).to_owned();
        Self {
            name: "the program".to_owned(),
            detector: detector.into(),
            recogniser: recogniser.into(),
            alphabet,
            words: None,
        }
    }

    /// With a list of words: where letters cannot be seen well, how these are spelled tells which ones are likely.
    /// Without one the recogniser alone is believed.
    #[must_use]
    pub fn with_words(self, words: impl Into<Cow<'static, str>>) -> Self {
        Self { words: Some(words.into()), ..self }
    }

    /// The pair in a folder: one rten or ONNX file with `det` and one with `rec` in its name, `alphabet.txt` where the
    /// recogniser has characters of its own, and `words.txt` where there are words for `with_words`.
    ///
    /// # Errors
    /// `Config` when the folder does not hold both models or a text is not UTF-8, `Weights` when a file cannot be read.
    pub fn open(folder: &Path) -> Result<Self> {
        let detector = read(&find(folder, "det")?)?;
        let recogniser = read(&find(folder, "rec")?)?;
        let alphabet = text(&folder.join("alphabet.txt"))?;
        let alphabet = alphabet.as_deref().map(|text| text.trim_end_matches(['\r', '\n']));
        Ok(Self {
            name: folder.display().to_string(),
            words: text(&folder.join("words.txt"))?.map(Cow::from),
            ..Self::new(detector, recogniser, alphabet)
        })
    }
}

impl fmt::Debug for OcrModels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OcrModels")
            .field("name", &self.name)
            .field("alphabet", &self.alphabet)
            .finish_non_exhaustive()
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs_err::read(path)
        .map_err(|error| Error::new(ErrorKind::Weights, path.display().to_string()).because(error))
}

/// What a file says, if there is one.
fn text(path: &Path) -> Result<Option<String>> {
    if !path.is_file() {
        return Ok(None);
    }
    String::from_utf8(read(path)?).map(Some).map_err(|error| {
        Error::new(ErrorKind::Config, path.display().to_string()).expected("text in UTF-8").because(error)
    })
}

/// The first file, by name, that has `part` in its name.
fn find(folder: &Path, part: &str) -> Result<PathBuf> {
    let failed = || Error::new(ErrorKind::Config, format!("OCR models in {}", folder.display()));
    let entries = fs_err::read_dir(folder).map_err(|error| failed().because(error))?;
    let fits = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let is_model = path.extension().is_some_and(|extension| extension == "rten" || extension == "onnx");
        is_model && name.contains(part)
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(fits).collect();
    paths.sort();
    paths.into_iter().next().ok_or_else(|| {
        failed()
            .expected(format!("a .rten or .onnx file with `{part}` in its name"))
            .found("none")
            .hint("download text-detection and text-recognition models of ocrs")
    })
}

#[cfg(test)]
mod tests {
    use super::OcrModels;
    use crate::ErrorKind;

    #[test]
    fn the_pair_is_found_by_its_names() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs_err::write(folder.path().join(name), text).unwrap();
        assert_eq!(OcrModels::open(folder.path()).unwrap_err().kind(), ErrorKind::Config);
        write("text-detection.rten", "d");
        write("recogniser.onnx", "r");
        write("det-notes.txt", "x");
        let models = OcrModels::open(folder.path()).unwrap();
        assert_eq!((models.detector.as_ref(), models.recogniser.as_ref()), (&b"d"[..], &b"r"[..]));
        assert_eq!(models.alphabet.chars().count(), 96);
        write("alphabet.txt", " ab\n");
        assert_eq!(OcrModels::open(folder.path()).unwrap().alphabet, " ab");
        assert_eq!(models.words, None);
        write("words.txt", "ab\nabba\n");
        assert_eq!(OcrModels::open(folder.path()).unwrap().words.as_deref(), Some("ab\nabba\n"));
        fs_err::write(folder.path().join("words.txt"), [0xff]).unwrap();
        let error = OcrModels::open(folder.path()).unwrap_err();
        assert!(error.kind() == ErrorKind::Config && error.thing().ends_with("words.txt"), "{error}");
    }
}
