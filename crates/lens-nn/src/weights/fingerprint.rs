//! What identifies a model: a hash of the files that decide its results.

use super::{Bytes, Checkpoint, locate};
use crate::Result;
use sha2::{Digest, Sha256};

/// Every file besides the weights that changes what a model computes, in the order in which they are hashed.
const DECISIVE: [&str; 11] = [
    "added_tokens.json",
    "config.json",
    "generation_config.json",
    "merges.txt",
    "open_clip_config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.json",
    "vocab.txt",
];

/// The names of all files that are hashed, the index of shards with them: it decides which shards count.
pub(super) fn file_names(checkpoint: &Checkpoint) -> Result<Vec<String>> {
    let mut names: Vec<String> =
        locate::weight_files(checkpoint)?.mapped.into_iter().map(|file| file.name).collect();
    for name in DECISIVE.into_iter().chain([locate::INDEX]) {
        if checkpoint.file(name)?.is_some() {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// Bytes that are hashed at once.
const PART: usize = 1 << 24;

pub(super) fn of(checkpoint: &Checkpoint) -> Result<[u8; 32]> {
    let mut hash = Sha256::new();
    for name in DECISIVE {
        if let Some(bytes) = checkpoint.file(name)? {
            add(&mut hash, name.as_bytes());
            add(&mut hash, &bytes);
        }
    }
    for file in locate::weight_files(checkpoint)?.mapped {
        add(&mut hash, file.name.as_bytes());
        add_mapped(&mut hash, &file.bytes);
    }
    Ok(hash.finalize().into())
}

/// Lengths go before the bytes, so that no two lists of files hash the same stream.
fn add(hash: &mut Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}

/// As [`add`], without keeping gigabytes in memory.
fn add_mapped(hash: &mut Sha256, bytes: &Bytes) {
    hash.update((bytes.len() as u64).to_le_bytes());
    for (index, part) in bytes.chunks(PART).enumerate() {
        hash.update(part);
        bytes.release(index * PART..index * PART + part.len());
    }
}
