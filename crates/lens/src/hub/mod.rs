//! Files of published models and vocabularies, from the cache of a hub or from the hub itself.
//!
//! The cache has the layout of `huggingface_hub` (`models--org--name/{blobs,snapshots,refs}`), so files that another
//! program downloaded are used, and the other way round. The hub is asked only for what no cache holds. Nothing
//! is taken that could run code: no pickles, only the file types of [`Wanted`].

mod cache;
mod client;
mod download;
mod http;
mod listing;
mod manage;
mod options;
mod partial;
mod request;

#[cfg(test)]
mod tests;

pub use client::{Hub, Progress};
pub use manage::{CachedRepository, Damage};
pub use options::HubOptions;
pub use request::{Repository, RepositoryKind, Request, Wanted};
