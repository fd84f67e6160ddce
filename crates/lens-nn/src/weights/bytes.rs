//! The bytes of one file: mapped from the disk, or part of the binary.

use fs_err::File;
use memmap2::Mmap;
use std::{io, ops::Deref, path::Path};

#[derive(Debug)]
pub(crate) enum Bytes {
    Mapped(Mmap),
    Embedded(&'static [u8]),
}

impl Bytes {
    pub(crate) fn map(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        #[expect(
            unsafe_code,
            reason = "weights are gigabytes and only read once; a map avoids the copy. It is read-only and private. \
                      Another process that truncates the file while it is mapped ends this one with a signal: model \
                      files are replaced by renaming, never rewritten in place. Bytes that change meanwhile can only \
                      change numbers, because every offset is checked against the length of the map."
        )]
        // SAFETY: see the reason above.
        let map = unsafe { Mmap::map(file.file()) }?;
        Ok(Self::Mapped(map))
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
        match self {
            Self::Mapped(map) => map,
            Self::Embedded(bytes) => bytes,
        }
    }
}
