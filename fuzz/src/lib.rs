//! What the targets share: a model folder that holds the one file under test.

use lens_nn::weights::Checkpoint;
use std::{fs, sync::LazyLock};
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a temporary folder"));

/// A checkpoint whose only file is `name`.
pub fn checkpoint(name: &str, bytes: &[u8]) -> Checkpoint {
    fs::write(FOLDER.path().join(name), bytes).expect("a file in the temporary folder");
    Checkpoint::open(FOLDER.path()).expect("the temporary folder")
}
