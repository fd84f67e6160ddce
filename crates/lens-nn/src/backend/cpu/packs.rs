//! Packed layers kept in files: a second start neither reads nor packs weights, and processes share the pages.

use crate::{Result, weights::Bytes};
use lens_kernels::PackedLinear;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// A folder with one file per layer.
#[derive(Debug, Clone)]
pub(super) struct Packs(PathBuf);

impl Packs {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// The kept layer, or what `pack` makes, which is then kept. A file that is damaged or of another version is written
    /// anew; where nothing can be written the layer stays in memory.
    pub(super) fn layer(
        &self,
        name: &str,
        pack: impl FnOnce() -> Result<PackedLinear>,
    ) -> Result<PackedLinear> {
        let path = self.0.join(format!("{name}.packed"));
        if let Some(layer) = mapped(&path) {
            return Ok(layer);
        }
        let layer = pack()?;
        match self.write(&path, layer.as_bytes()) {
            Ok(()) => Ok(mapped(&path).unwrap_or(layer)),
            Err(_) => Ok(layer),
        }
    }

    /// Under a name of its own first, so that no other process ever maps half a file.
    fn write(&self, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
        fs_err::create_dir_all(&self.0)?;
        let temporary = path.with_extension(format!("{}.part", std::process::id()));
        let written = fs_err::write(&temporary, bytes).and_then(|()| fs_err::rename(&temporary, path));
        if written.is_err() {
            // What is left of a full disk is no use; that it cannot be removed changes nothing.
            let _ = fs_err::remove_file(&temporary);
        }
        written
    }
}

fn mapped(path: &Path) -> Option<PackedLinear> {
    let bytes = Bytes::map(path).ok()?;
    let length = bytes.len();
    PackedLinear::from_shared(Arc::new(bytes), 0..length).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use lens_kernels::{LinearSource, Precision};

    fn layer() -> PackedLinear {
        let weight: Vec<f32> = (0..15).map(|value| value as f32).collect();
        let source = LinearSource { weight: &weight, bias: None, outputs: 5, inputs: 3, gated: false };
        PackedLinear::pack(&source, Precision::Bf16)
    }

    #[test]
    fn a_second_start_packs_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let packs = Packs::new(folder.path().join("new"));
        let first = packs.layer("a.b", || Ok(layer())).unwrap();
        let second = packs.layer("a.b", || unreachable!("the file is there")).unwrap();
        assert_eq!(first.as_bytes(), second.as_bytes());
    }

    #[test]
    fn damaged_files_are_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let packs = Packs::new(folder.path().to_owned());
        for damage in [&b""[..], b"short", &[0xff; 256], &layer().as_bytes()[..64]] {
            fs_err::write(folder.path().join("a.packed"), damage).unwrap();
            assert_eq!(packs.layer("a", || Ok(layer())).unwrap().as_bytes(), layer().as_bytes());
            assert!(mapped(&folder.path().join("a.packed")).is_some());
        }
    }

    #[test]
    fn without_a_place_to_write_the_layer_stays_in_memory() {
        let folder = tempfile::NamedTempFile::new().unwrap();
        let packs = Packs::new(folder.path().join("below a file"));
        assert_eq!(packs.layer("a", || Ok(layer())).unwrap().as_bytes(), layer().as_bytes());
    }
}
