//! All named tensors of a checkpoint, and which of them were read.

use super::{
    FileRows, Redundant, Scope,
    header::{self, Dtype, TensorInfo},
    locate::WeightFile,
};
use crate::{Error, ErrorKind, Result};
use half::{bf16, f16, slice::HalfFloatSliceExt};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// All named tensors of a checkpoint. Remembers which were read, so that [`Self::finish`] can refuse a file that holds
/// more than the model uses.
#[derive(Debug)]
pub struct Tensors {
    checkpoint: String,
    files: Vec<WeightFile>,
    entries: BTreeMap<String, Entry>,
}

#[derive(Debug)]
struct Entry {
    /// Index into `files`.
    file: usize,
    info: TensorInfo,
    read: AtomicBool,
}

impl Tensors {
    pub(super) fn from_files(checkpoint: &str, files: Vec<WeightFile>) -> Result<Self> {
        let mut entries = BTreeMap::<String, Entry>::new();
        for (file, WeightFile { label, bytes, .. }) in files.iter().enumerate() {
            let damaged = |found: String| {
                let error =
                    Error::new(ErrorKind::Weights, label.clone()).expected("a whole safetensors file");
                error.found(found).hint("download the file again")
            };
            for (name, info) in header::parse(bytes).map_err(damaged)? {
                if let Some(other) = entries.get(&name).and_then(|entry| files.get(entry.file)) {
                    return Err(damaged(format!("tensor `{name}`, which is also in {}", other.name)));
                }
                entries.insert(name, Entry { file, info, read: AtomicBool::new(false) });
            }
        }
        Ok(Self { checkpoint: checkpoint.to_owned(), files, entries })
    }

    /// The names of all tensors, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Whether there is a tensor of this name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// The shape of a tensor as the file states it.
    #[must_use]
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.entries.get(name).map(|entry| entry.info.shape.as_slice())
    }

    /// The place from which all names start.
    #[must_use]
    pub fn root(&self) -> Scope<'_> {
        Scope::root(self)
    }

    /// The model has read what it needs: every tensor that it did not read must be one that `redundant` allows.
    ///
    /// # Errors
    /// `Weights`, naming the file and the tensor, for an unread tensor that no rule allows, and for a copy that differs
    /// from its original.
    pub fn finish(&self, redundant: &[Redundant<'_>]) -> Result<()> {
        let unread = self.entries.iter().filter(|(_, entry)| !entry.read.load(Ordering::Relaxed));
        for (name, entry) in unread {
            match redundant.iter().find(|rule| rule.covers(name, self)) {
                Some(Redundant::Ignored(_)) => {}
                Some(Redundant::CopyOf { of, .. }) if self.same_values(entry, of) => {}
                Some(Redundant::CopyOf { of, .. }) => {
                    let error = self.error(name).expected(format!("a copy of `{of}`")).found("other values");
                    return Err(error.hint("the weights are not tied as config.json says: use a checkpoint that matches its configuration"));
                }
                None => {
                    let error = self.error(name).found("the model has no place for it");
                    return Err(error.hint("the weights are of another model than config.json describes"));
                }
            }
        }
        Ok(())
    }

    /// The values of a tensor as f32. Counts as read.
    pub(super) fn read(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let entry = self.entry(name, shape)?;
        let values =
            to_f32(entry.info.dtype, self.bytes(entry)).ok_or_else(|| self.not_a_weight(name, entry))?;
        entry.read.store(true, Ordering::Relaxed);
        self.release(entry);
        Ok(values)
    }

    /// A matrix that stays in its file. Counts as read.
    pub(super) fn rows(&self, name: &str, shape: [usize; 2]) -> Result<FileRows> {
        let entry = self.entry(name, &shape)?;
        let file = self.files.get(entry.file).filter(|_| to_f32(entry.info.dtype, &[]).is_some());
        let file = Arc::clone(&file.ok_or_else(|| self.not_a_weight(name, entry))?.bytes);
        entry.read.store(true, Ordering::Relaxed);
        Ok(FileRows { file, place: entry.info.bytes.clone(), dtype: entry.info.dtype, shape })
    }

    fn not_a_weight(&self, name: &str, entry: &Entry) -> Error {
        self.error(name).expected("F32, F16 or BF16").found(format!("{:?}", entry.info.dtype))
    }

    /// The tensor of this name and shape.
    fn entry(&self, name: &str, shape: &[usize]) -> Result<&Entry> {
        let expected = format!("shape {shape:?}");
        let Some(entry) = self.entries.get(name) else {
            let hint =
                "the weights are of another model than config.json describes, or not all of them are here";
            return Err(self.error(name).expected(expected).found("no such tensor").hint(hint));
        };
        if entry.info.shape != shape {
            let hint = "the weights are of another model than config.json describes";
            return Err(self
                .error(name)
                .expected(expected)
                .found(format!("{:?}", entry.info.shape))
                .hint(hint));
        }
        Ok(entry)
    }

    /// Counts a tensor as read.
    pub(super) fn mark(&self, name: &str) {
        if let Some(entry) = self.entries.get(name) {
            entry.read.store(true, Ordering::Relaxed);
        }
    }

    /// The name of the file that holds a tensor.
    pub(super) fn file_of(&self, name: &str) -> Option<&str> {
        let entry = self.entries.get(name)?;
        self.files.get(entry.file).map(|file| file.name.as_str())
    }

    fn same_values(&self, entry: &Entry, original: &str) -> bool {
        let Some(original) = self.entries.get(original) else { return false };
        let (copy, original) = (&entry, &original);
        if copy.info.shape != original.info.shape {
            return false;
        }
        let [copied, stored] = [self.bytes(copy), self.bytes(original)];
        let same = if copy.info.dtype == original.info.dtype {
            copied == stored
        } else {
            let values = to_f32(copy.info.dtype, copied);
            values.is_some() && values == to_f32(original.info.dtype, stored)
        };
        self.release(copy);
        self.release(original);
        same
    }

    /// Gives the memory of a tensor that was read back to the system.
    fn release(&self, entry: &Entry) {
        if let Some(file) = self.files.get(entry.file) {
            file.bytes.release(entry.info.bytes.clone());
        }
    }

    fn bytes(&self, entry: &Entry) -> &[u8] {
        let file = self.files.get(entry.file).map_or(&[][..], |file| &file.bytes);
        // The header was checked against this very file, so the range is inside it.
        file.get(entry.info.bytes.clone()).unwrap_or_default()
    }

    /// An error about a tensor, named with its file; a tensor that is in no file, with the checkpoint.
    fn error(&self, name: &str) -> Error {
        let file = self.entries.get(name).and_then(|entry| self.files.get(entry.file));
        let file = file.map_or(&self.checkpoint, |file| &file.label);
        Error::new(ErrorKind::Weights, format!("{file}, tensor `{name}`"))
    }
}

/// Little-endian numbers of a weight type as f32; `None` for other types. The bytes need not be aligned.
pub(super) fn to_f32(dtype: Dtype, bytes: &[u8]) -> Option<Vec<f32>> {
    match dtype {
        Dtype::F32 => Some(bytes.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()),
        Dtype::F16 => Some(widen(bytes, f16::from_le_bytes)),
        Dtype::BF16 => Some(widen(bytes, bf16::from_le_bytes)),
        _ => None,
    }
}

/// By slices, for which `half` uses the processor's own conversion.
fn widen<H: Copy>(bytes: &[u8], from_le_bytes: impl Fn([u8; 2]) -> H) -> Vec<f32>
where
    [H]: HalfFloatSliceExt,
{
    let halves: Vec<H> = bytes.as_chunks().0.iter().map(|&bytes| from_le_bytes(bytes)).collect();
    let mut values = vec![0.0; halves.len()];
    halves.convert_to_f32_slice(&mut values);
    values
}
