//! Fingerprints are computed once for each state of the files.

use super::{folder, safetensors};
use lens_nn::weights::Checkpoint;
use std::path::Path;
use tempfile::TempDir;

fn model(value: f32) -> TempDir {
    folder(&[("config.json", b"{}"), ("model.safetensors", &safetensors(&[("a", &[2], &[value, 2.0])]))])
}

fn fingerprint(model: &Path, memo: &Path) -> [u8; 32] {
    Checkpoint::open(model).unwrap().remembering(memo).fingerprint().unwrap()
}

/// The only file of the memo.
fn kept(memo: &Path) -> std::path::PathBuf {
    let mut files: Vec<_> = fs_err::read_dir(memo).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

#[test]
fn what_is_kept_is_not_computed_again_and_a_damaged_memo_is() {
    let (model, memo) = (model(1.0), tempfile::tempdir().unwrap());
    let memo = memo.path().join("not/yet/there");
    let computed = Checkpoint::open(model.path()).unwrap().fingerprint().unwrap();
    assert_eq!(fingerprint(model.path(), &memo), computed);
    // Another content shows whose word it is.
    fs_err::write(kept(&memo), "07".repeat(32)).unwrap();
    assert_eq!(fingerprint(model.path(), &memo), [7; 32]);
    for damage in ["", "07", "zz"] {
        fs_err::write(kept(&memo), damage.repeat(32).get(..damage.len() * 31).unwrap()).unwrap();
        assert_eq!(fingerprint(model.path(), &memo), computed, "{damage:?}");
    }
}

#[test]
fn a_changed_file_is_noticed() {
    let (model, memo) = (model(1.0), tempfile::tempdir().unwrap());
    let before = fingerprint(model.path(), memo.path());
    let weights = model.path().join("model.safetensors");
    let modified = fs_err::metadata(&weights).unwrap().modified().unwrap();
    // In place, of the same size, and dated back.
    fs_err::write(&weights, safetensors(&[("a", &[2], &[3.0, 2.0])])).unwrap();
    fs_err::OpenOptions::new().write(true).open(&weights).unwrap().file().set_modified(modified).unwrap();
    let after = fingerprint(model.path(), memo.path());
    assert_eq!(after, Checkpoint::open(model.path()).unwrap().fingerprint().unwrap());
    assert_ne!(after, before);
    // A file that was not there before.
    fs_err::write(model.path().join("added_tokens.json"), "{}").unwrap();
    assert_ne!(fingerprint(model.path(), memo.path()), after);
}

#[test]
fn a_memo_that_cannot_be_kept_costs_only_the_time() {
    let model = model(1.0);
    let occupied = model.path().join("config.json");
    let expected = Checkpoint::open(model.path()).unwrap().fingerprint().unwrap();
    assert_eq!(fingerprint(model.path(), &occupied.join("memo")), expected);
}
