//! Packed layers kept in files: a second start neither reads nor packs weights, and processes share the pages.

use crate::{Result, weights::Bytes};
use lens_kernels::PackedLinear;
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        mpsc::{Sender, channel},
    },
    thread::JoinHandle,
};

/// A folder with one file per layer.
#[derive(Debug, Clone)]
pub(super) struct Packs {
    folder: PathBuf,
    /// Started with the first layer that is to be kept.
    writer: Arc<OnceLock<Option<Writer>>>,
}

impl Packs {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, writer: Arc::default() }
    }

    /// The kept layer, or what `pack` makes, which is then kept. A file that is damaged or of another version is written
    /// anew; where nothing can be written the layer stays in memory.
    pub(super) fn layer(
        &self,
        name: &str,
        pack: impl FnOnce() -> Result<PackedLinear>,
    ) -> Result<PackedLinear> {
        let path = self.folder.join(format!("{name}.packed"));
        if let Some(layer) = mapped(&path) {
            return Ok(layer);
        }
        let layer = pack()?;
        if let Some(writer) = self.writer.get_or_init(Writer::start) {
            writer.write(path, layer.clone());
        }
        Ok(layer)
    }
}

/// A thread that writes layers while the model already works. Dropping it waits until all are written.
#[derive(Debug)]
struct Writer {
    layers: Option<Sender<(PathBuf, PackedLinear)>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// `None` where the system refuses a thread: layers are then packed at every start.
    fn start() -> Option<Self> {
        let (layers, received) = channel::<(PathBuf, PackedLinear)>();
        let work = move || {
            for (path, layer) in received {
                // A place that cannot be written to costs time at the next start, nothing else.
                if write(&path, layer.as_bytes()).is_err() {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("lens-packs".to_owned()).spawn(work).ok()?;
        Some(Self { layers: Some(layers), thread: Some(thread) })
    }

    fn write(&self, path: PathBuf, layer: PackedLinear) {
        if let Some(layers) = &self.layers {
            // Only a writer that gave up no longer listens.
            drop(layers.send((path, layer)));
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.layers = None;
        if let Some(thread) = self.thread.take() {
            // It does not panic; and if it did, there would be nothing to do here.
            drop(thread.join());
        }
    }
}

/// Under a name of its own first, so that no other process ever maps half a file.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs_err::create_dir_all(folder)?;
    }
    let temporary = path.with_extension(format!("{}.part", std::process::id()));
    let written = fs_err::write(&temporary, bytes).and_then(|()| fs_err::rename(&temporary, path));
    if written.is_err() {
        // What is left of a full disk is no use; that it cannot be removed changes nothing.
        drop(fs_err::remove_file(&temporary));
    }
    written
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
        let place = folder.path().join("new");
        let first = Packs::new(place.clone()).layer("a.b", || Ok(layer())).unwrap();
        let second = Packs::new(place).layer("a.b", || unreachable!("the file is there")).unwrap();
        assert_eq!(first.as_bytes(), second.as_bytes());
    }

    #[test]
    fn damaged_files_are_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.packed");
        for damage in [&b""[..], b"short", &[0xff; 256], &layer().as_bytes()[..64]] {
            fs_err::write(&path, damage).unwrap();
            let packs = Packs::new(folder.path().to_owned());
            assert_eq!(packs.layer("a", || Ok(layer())).unwrap().as_bytes(), layer().as_bytes());
            drop(packs);
            assert_eq!(mapped(&path).unwrap().as_bytes(), layer().as_bytes());
        }
    }

    #[test]
    fn without_a_place_to_write_the_layer_stays_in_memory() {
        let folder = tempfile::NamedTempFile::new().unwrap();
        let packs = Packs::new(folder.path().join("below a file"));
        assert_eq!(packs.layer("a", || Ok(layer())).unwrap().as_bytes(), layer().as_bytes());
    }
}
