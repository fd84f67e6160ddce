//! A picture about to be looked at, and what the encoders have computed of it so far.

use crate::{Error, ErrorKind, Picture, Result, evidence::hex};
use std::{
    any::Any,
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// An upright picture, optionally a question about it, and encoder outputs that modules share.
///
/// Clones share the picture and the encoder outputs.
#[derive(Clone)]
pub struct Look {
    picture: Arc<Picture>,
    question: Option<Arc<str>>,
    shared: Arc<Mutex<HashMap<String, Arc<dyn Any + Send + Sync>>>>,
}

impl Look {
    /// A look without a question.
    #[must_use]
    pub fn new(picture: impl Into<Arc<Picture>>) -> Self {
        Self { picture: picture.into(), question: None, shared: Arc::default() }
    }

    /// The same look with a question in mind.
    #[must_use]
    pub fn asking(self, question: &str) -> Self {
        Self { question: Some(question.into()), ..self }
    }

    /// The picture.
    #[must_use]
    pub fn picture(&self) -> &Picture {
        &self.picture
    }

    /// SHA-256 over the original bytes as hexadecimal digits.
    #[must_use]
    pub fn sha256(&self) -> String {
        hex(&self.picture.sha256())
    }

    /// The question, for modules that look for something.
    #[must_use]
    pub fn question(&self) -> Option<&str> {
        self.question.as_deref()
    }

    /// What an encoder left under `key`, if it was computed and has this type. The key holds the encoder's whole
    /// fingerprint, so two models never share.
    #[must_use]
    pub fn shared<T: Any + Send + Sync>(&self, key: &str) -> Option<Arc<T>> {
        self.lock().get(key).cloned()?.downcast().ok()
    }

    /// Leaves an encoder's output for the next module.
    pub fn share<T: Any + Send + Sync>(&self, key: &str, value: Arc<T>) {
        self.lock().insert(key.to_owned(), value);
    }

    /// The outputs of one encoder for a batch: `encode` gets the looks that have none yet (their indices, in order)
    /// in one call and returns one output for each.
    ///
    /// # Errors
    /// What `encode` returns; `Internal` when it returns another number of outputs.
    pub fn encode_missing<T: Any + Send + Sync>(
        looks: &[Self],
        key: &str,
        encode: impl FnOnce(&[&Self]) -> Result<Vec<T>>,
    ) -> Result<Vec<Arc<T>>> {
        let mut outputs: Vec<Option<Arc<T>>> = looks.iter().map(|look| look.shared(key)).collect();
        let missing: Vec<&Self> =
            looks.iter().zip(&outputs).filter(|(_, output)| output.is_none()).map(|(look, _)| look).collect();
        if !missing.is_empty() {
            let mut encoded = encode(&missing)?.into_iter().map(Arc::new);
            for (look, output) in looks.iter().zip(&mut outputs).filter(|(_, output)| output.is_none()) {
                *output = encoded.next();
                if let Some(output) = output {
                    look.share(key, Arc::clone(output));
                }
            }
        }
        let outputs: Vec<Arc<T>> = outputs.into_iter().flatten().collect();
        if outputs.len() == looks.len() {
            return Ok(outputs);
        }
        Err(Error::new(ErrorKind::Internal, "outputs of an encoder")
            .expected(looks.len().to_string())
            .found(outputs.len().to_string()))
    }

    /// A panic elsewhere leaves the map whole: each entry is inserted at once.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<dyn Any + Send + Sync>>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Look")
            .field("sha256", &self.sha256())
            .field("question", &self.question)
            .finish_non_exhaustive()
    }
}
