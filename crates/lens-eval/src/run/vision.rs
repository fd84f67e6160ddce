//! The first stage: pictures become evidence and embeddings in the store. What is there already is not looked at again.

use super::embeddings::Embeddings;
use crate::{
    Flaw, FlawKind,
    data::{Dataset, Row},
};
use lens::{
    Cancel, Error, ErrorKind, Evidence, Lens, Look, Picture, Result, Store, evidence::hex, image::Limits,
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// Pictures looked at together.
const BATCH: usize = 8;

/// What later stages need of each picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Needs {
    pub(super) evidence: bool,
    pub(super) embedding: bool,
}

/// The pictures of a data set as one pipeline sees them.
pub(super) struct Vision<'a> {
    pub(super) lens: &'a Lens,
    pub(super) dataset: &'a Dataset,
    pub(super) embeddings: Embeddings<'a>,
    pub(super) store: &'a Store,
    limits: Limits,
    /// By the row's index: the picture's hash, or what is wrong.
    seen: HashMap<usize, Result<String, Flaw>>,
}

impl<'a> Vision<'a> {
    pub(super) fn new(lens: &'a Lens, dataset: &'a Dataset, limits: Limits, store: &'a Store) -> Self {
        let embeddings = Embeddings::new(lens.embedder().ok(), store);
        Self { lens, dataset, embeddings, store, limits, seen: HashMap::new() }
    }

    /// Looks at the pictures of all rows. False: cancelled.
    pub(super) fn look(
        &mut self,
        rows: &[&Row],
        needs: Needs,
        tell: &mut dyn FnMut(usize, usize),
        cancel: &Cancel,
    ) -> Result<bool> {
        for (number, batch) in rows.chunks(BATCH).enumerate() {
            if cancel.is_raised() {
                return Ok(false);
            }
            tell(number * BATCH, rows.len());
            let mut unseen = Vec::new();
            for row in batch {
                let looked = self.glance(row, needs).map(|(sha256, look)| {
                    unseen.extend(look.map(|look| (row.index, look)));
                    sha256
                });
                self.seen.insert(row.index, looked);
            }
            self.see(&unseen, needs)?;
        }
        tell(rows.len(), rows.len());
        Ok(true)
    }

    /// The picture's hash, and the picture itself when something of it is still to be computed.
    fn glance(&self, row: &Row, needs: Needs) -> Result<(String, Option<Look>), Flaw> {
        let bytes = self.bytes(row)?;
        let sha256 = hex(&Picture::sha256_of(&bytes));
        let known = (!needs.evidence || self.lens.recall(&sha256, None).is_some())
            && (!needs.embedding || self.embeddings.of(&sha256).is_some());
        if known {
            return Ok((sha256, None));
        }
        Ok((sha256, Some(Look::new(self.decode(row, &bytes)?))))
    }

    fn see(&mut self, unseen: &[(usize, Look)], needs: Needs) -> Result<()> {
        let looks: Vec<Look> = unseen.iter().map(|(_, look)| look.clone()).collect();
        let Err(error) = self.compute(&looks, needs) else { return Ok(()) };
        if concerns_all(&error) {
            return Err(error);
        }
        // Something is wrong with one of the batch: each on its own, so that the error finds its picture.
        for (index, look) in unseen {
            match self.compute(std::slice::from_ref(look), needs) {
                Err(error) if concerns_all(&error) => return Err(error),
                Err(error) => {
                    let flaw = Flaw::new(FlawKind::UnreadableImage, error.to_string());
                    self.seen.insert(*index, Err(flaw));
                }
                Ok(()) => {}
            }
        }
        Ok(())
    }

    fn compute(&self, looks: &[Look], needs: Needs) -> Result<()> {
        if needs.evidence {
            self.lens.see(looks)?;
        }
        if needs.embedding { self.embeddings.embed(looks) } else { Ok(()) }
    }

    /// The picture's hash.
    ///
    /// # Errors
    /// What is wrong with the row or its picture.
    pub(super) fn sha256(&self, row: &Row) -> Result<&str, Flaw> {
        match self.seen.get(&row.index) {
            Some(Ok(sha256)) => Ok(sha256),
            Some(Err(flaw)) => Err(flaw.clone()),
            None => Err(Flaw::new(FlawKind::UnreadableImage, "it was not looked at")),
        }
    }

    /// The evidence of a row: from the store, or seen again when the store has forgotten it.
    pub(super) fn evidence(&self, row: &Row) -> Result<Result<Evidence, Flaw>> {
        let sha256 = match self.sha256(row) {
            Ok(sha256) => sha256,
            Err(flaw) => return Ok(Err(flaw)),
        };
        if let Some(evidence) = self.lens.recall(sha256, None) {
            return Ok(Ok(evidence));
        }
        let picture = match self.picture(row) {
            Ok(picture) => picture,
            Err(flaw) => return Ok(Err(flaw)),
        };
        let mut records = self.lens.see(&[Look::new(picture)])?;
        let record = records.pop().map(|record| Evidence { timings: BTreeMap::new(), ..record });
        record.map(Ok).ok_or_else(|| Error::new(ErrorKind::Internal, "evidence").found("none"))
    }

    /// The picture, decoded: what no condition needs that only reads evidence.
    pub(super) fn picture(&self, row: &Row) -> Result<Picture, Flaw> {
        self.decode(row, &self.bytes(row)?)
    }

    fn decode(&self, row: &Row, bytes: &[u8]) -> Result<Picture, Flaw> {
        Picture::decode_named(&row.id, bytes, &self.limits)
            .map_err(|error| Flaw::new(FlawKind::UnreadableImage, error.to_string()))
    }

    /// The encoded picture.
    pub(super) fn bytes(&self, row: &Row) -> Result<Arc<[u8]>, Flaw> {
        let sample = row.sample.as_ref().map_err(Clone::clone)?;
        self.dataset.images.read(&sample.image)
    }
}

/// A broken model, setting or connection breaks every sample; going on would only count them.
pub(super) fn concerns_all(error: &Error) -> bool {
    !matches!(error.kind(), ErrorKind::Input | ErrorKind::Model)
}
