//! Embeddings of pictures, kept in the store beside the evidence.

use lens::{Embedder, Look, Result, Store};
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Embeddings by the picture's hash.
pub(super) struct Embeddings<'a> {
    embedder: Option<&'a dyn Embedder>,
    fingerprint: String,
    store: &'a Store,
    near: Mutex<HashMap<String, Arc<Vec<f32>>>>,
}

impl<'a> Embeddings<'a> {
    pub(super) fn new(embedder: Option<&'a dyn Embedder>, store: &'a Store) -> Self {
        let fingerprint = embedder.map(|embedder| embedder.fingerprint().digest()).unwrap_or_default();
        Self { embedder, fingerprint, store, near: Mutex::default() }
    }

    /// The embedding of a picture that was embedded before, by this run or an earlier one.
    pub(super) fn of(&self, sha256: &str) -> Option<Arc<Vec<f32>>> {
        let mut near = self.near.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(embedding) = near.get(sha256) {
            return Some(Arc::clone(embedding));
        }
        let bytes = self.store.get(&self.key(sha256)).ok()??;
        let numbers =
            bytes.chunks_exact(4).filter_map(|four| Some(f32::from_le_bytes(four.try_into().ok()?)));
        let embedding = Arc::new(numbers.collect());
        near.insert(sha256.to_owned(), Arc::clone(&embedding));
        Some(embedding)
    }

    /// Embeds pictures; nothing without a CLIP model.
    ///
    /// # Errors
    /// As [`Embedder::embed_looks`].
    pub(super) fn embed(&self, looks: &[Look]) -> Result<()> {
        let Some(embedder) = self.embedder else { return Ok(()) };
        for (look, embedding) in looks.iter().zip(embedder.embed_looks(looks)?) {
            let sha256 = look.sha256();
            let bytes: Vec<u8> = embedding.iter().flat_map(|number| number.to_le_bytes()).collect();
            // A store that cannot be written costs time, never the number.
            let _ = self.store.put(&self.key(&sha256), &bytes);
            self.near.lock().unwrap_or_else(PoisonError::into_inner).insert(sha256, embedding);
        }
        Ok(())
    }

    fn key(&self, sha256: &str) -> [u8; 32] {
        let hash = Sha256::new().chain_update("embedding of a picture\0").chain_update(&self.fingerprint);
        hash.chain_update(sha256).finalize().into()
    }
}
