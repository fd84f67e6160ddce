//! The bytes of one file: mapped from the disk, or part of the binary.

use fs_err::File;
use memmap2::{Mmap, UncheckedAdvice};
use std::{
    io,
    ops::{Deref, Range},
    path::Path,
};

/// The bytes of one file, read where they lie.
#[derive(Debug)]
pub struct Bytes(Place);

#[derive(Debug)]
enum Place {
    Mapped(Mmap),
    Embedded(&'static [u8]),
}

impl Bytes {
    /// Bytes that are part of the binary.
    #[must_use]
    pub fn embedded(bytes: &'static [u8]) -> Self {
        Self(Place::Embedded(bytes))
    }

    /// Maps a file. Whoever replaces it must do so by renaming: see the reason of the map.
    ///
    /// # Errors
    /// When the file cannot be opened or mapped.
    pub fn map(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        #[expect(
            unsafe_code,
            reason = "weights are gigabytes, most of them read once and never as a whole; a map avoids the copy. It is \
                      read-only and private. \
                      Another process that truncates the file while it is mapped ends this one with a signal: model \
                      files are replaced by renaming, never rewritten in place. Bytes that change meanwhile can only \
                      change numbers, because every offset is checked against the length of the map."
        )]
        // SAFETY: see the reason above.
        let map = unsafe { Mmap::map(file.file()) }?;
        Ok(Self(Place::Mapped(map)))
    }

    /// Gives the memory of bytes that were read back to the system; they can still be read.
    pub fn release(&self, range: Range<usize>) {
        #[cfg(unix)]
        if let Place::Mapped(map) = &self.0 {
            #[expect(
                unsafe_code,
                reason = "a model's file would fill the memory that its packed layers need"
            )]
            // SAFETY: the map is read-only and of a file: pages that are dropped are read again when they are touched.
            let released =
                unsafe { map.unchecked_advise_range(UncheckedAdvice::DontNeed, range.start, range.len()) };
            // Advice that is not taken costs memory, nothing else.
            drop(released);
        }
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Place::Mapped(map) => map,
            Place::Embedded(bytes) => bytes,
        }
    }
}
