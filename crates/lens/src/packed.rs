//! Models packed for multiplying: `MODEL-PRECISION-VERSION/LAYER.packed` below a folder of the home, mapped at the next
//! start and shared by processes.

use crate::{Home, Result, config::PackedSettings, evidence::hex};
use lens_nn::{backend::cpu::Precision, weights::Checkpoint};
use std::{
    fs::Metadata,
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// A file whose time says when a model was last used.
const USED: &str = "used";

/// The folder of packed models.
#[derive(Debug, Clone)]
pub struct Packed {
    root: PathBuf,
    capacity: u64,
}

/// How full the folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackedStats {
    /// Packed models, each precision for itself.
    pub models: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// The most bytes that are kept; 0 keeps none.
    pub capacity: u64,
}

/// One packed model.
struct Model {
    folder: PathBuf,
    bytes: u64,
    used: SystemTime,
}

impl Packed {
    /// The packed models of a home.
    #[must_use]
    pub fn new(home: &Home, settings: PackedSettings) -> Self {
        Self { root: home.packed(), capacity: settings.capacity_bytes }
    }

    /// The folder for the layers of `checkpoint` in `precision`, `None` when none are to be kept. Counts as a use; what was
    /// used least recently is removed where there is too much.
    ///
    /// # Errors
    /// What reading the files of the checkpoint reports.
    pub fn folder(&self, checkpoint: &Checkpoint, precision: Precision) -> Result<Option<PathBuf>> {
        if self.capacity == 0 {
            return Ok(None);
        }
        let digest = hex(&checkpoint.fingerprint()?);
        let precision = format!("{precision:?}").to_lowercase();
        let name = format!("{}-{precision}-{}", &digest[..16], env!("CARGO_PKG_VERSION"));
        let folder = self.root.join(name);
        // Where nothing can be written nothing is kept, and nothing has to be removed.
        drop(write_whole(&folder.join(USED), &[]));
        self.make_room(&folder);
        Ok(Some(folder))
    }

    /// How full it is.
    #[must_use]
    pub fn stats(&self) -> PackedStats {
        let models = self.models();
        let bytes = models.iter().map(|model| model.bytes).sum();
        PackedStats { models: models.len() as u64, bytes, capacity: self.capacity }
    }

    /// Removes everything; returns how much there was. Programs that use a model go on with it.
    ///
    /// # Errors
    /// `Config` when a file cannot be removed.
    pub fn clear(&self) -> Result<PackedStats> {
        let stats = self.stats();
        match fs_err::remove_dir_all(&self.root) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                let place = self.root.display().to_string();
                Err(crate::Error::new(crate::ErrorKind::Config, place)
                    .found("cannot be removed")
                    .because(error))
            }
            _ => Ok(stats),
        }
    }

    fn make_room(&self, kept: &Path) {
        let mut models = self.models();
        let mut bytes: u64 = models.iter().map(|model| model.bytes).sum();
        models.sort_by_key(|model| model.used);
        for model in models.iter().filter(|model| model.folder != kept) {
            if bytes <= self.capacity {
                return;
            }
            // What cannot be removed now is tried again at the next start.
            drop(fs_err::remove_dir_all(&model.folder));
            bytes -= model.bytes;
        }
    }

    fn models(&self) -> Vec<Model> {
        let model = |(folder, metadata): (PathBuf, Metadata)| {
            let files = entries(&folder);
            let marked = files.iter().find(|(path, _)| path.ends_with(USED));
            let used = marked.map_or(&metadata, |(_, marked)| marked).modified();
            let bytes = files.iter().map(|(_, file)| file.len()).sum();
            metadata.is_dir().then(|| Model { folder, bytes, used: used.unwrap_or(SystemTime::UNIX_EPOCH) })
        };
        entries(&self.root).into_iter().filter_map(model).collect()
    }
}

/// What is in a folder; nothing where it cannot be read.
fn entries(folder: &Path) -> Vec<(PathBuf, Metadata)> {
    let Ok(entries) = fs_err::read_dir(folder) else { return Vec::new() };
    entries
        .filter_map(|entry| entry.ok().and_then(|entry| Some((entry.path(), entry.metadata().ok()?))))
        .collect()
}

/// The file is there whole or not at all.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::NotFound)?;
    fs_err::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    io::Write::write_all(&mut file, bytes)?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use super::{Packed, PackedStats};
    use crate::{Home, config::PackedSettings};
    use lens_nn::{backend::cpu::Precision, weights::Checkpoint};
    use std::{path::Path, time::Duration};

    fn packed(home: &Path, capacity_bytes: u64) -> Packed {
        Packed::new(&Home::at(home), PackedSettings { capacity_bytes })
    }

    fn model(folder: &Path, text: &str) -> Checkpoint {
        fs_err::create_dir_all(folder).unwrap();
        fs_err::write(folder.join("config.json"), text).unwrap();
        // An empty header: no tensors.
        fs_err::write(folder.join("model.safetensors"), [&2u64.to_le_bytes()[..], b"{}"].concat()).unwrap();
        Checkpoint::open(folder).unwrap()
    }

    #[test]
    fn the_model_used_longest_ago_goes_first() {
        let place = tempfile::tempdir().unwrap();
        let packed = packed(&place.path().join("home"), 250);
        let kept: Vec<_> = ["a", "b", "c"]
            .map(|name| {
                let checkpoint = model(&place.path().join(name), &format!("\"{name}\""));
                let folder = packed.folder(&checkpoint, Precision::Int8).unwrap().unwrap();
                fs_err::write(folder.join("layer.packed"), [0; 100]).unwrap();
                std::thread::sleep(Duration::from_millis(20));
                folder
            })
            .into();
        let again = model(&place.path().join("a"), "\"a\"");
        assert_eq!(packed.folder(&again, Precision::Int8).unwrap().as_ref(), kept.first());
        let there: Vec<bool> = kept.iter().map(|folder| folder.exists()).collect();
        assert_eq!(there, [true, false, true], "b was used longest ago");
        assert_eq!(packed.stats(), PackedStats { models: 2, bytes: 200, capacity: 250 });
        assert_eq!(packed.clear().unwrap().models, 2);
        assert_eq!(packed.stats().models, 0);
    }

    #[test]
    fn without_capacity_nothing_is_kept() {
        let place = tempfile::tempdir().unwrap();
        let checkpoint = model(&place.path().join("a"), "{}");
        let none = packed(&place.path().join("home"), 0).folder(&checkpoint, Precision::F32).unwrap();
        assert_eq!(none, None);
    }
}
