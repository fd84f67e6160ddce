//! What stands in for the embedded models in a build without them.

use crate::{
    Embedder, Error, ErrorKind, Result,
    preset::Role,
    vocab::{EmbeddedVocabulary, Vocabulary},
};
use lens_nn::weights::Checkpoint;

pub(super) use crate::vocab::TAG_TEMPLATE;

pub(super) fn checkpoint(role: Role) -> Result<Checkpoint> {
    Err(missing(role))
}

pub(super) fn vocabulary(role: Role) -> Result<Vocabulary> {
    Err(missing(role))
}

pub(super) fn vocabulary_with_embeddings(role: Role, _: &dyn Embedder) -> Result<EmbeddedVocabulary> {
    Err(missing(role))
}

fn missing(role: Role) -> Error {
    Error::new(ErrorKind::Config, format!("embedded part for {role}"))
        .expected("a build with the feature `nano`")
        .found("one without")
        .hint("choose another preset")
}
