//! How large a picture may be. All of it is checked before a pixel is decoded.

use crate::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

/// Pictures up to this many pixels may compress as well as they like: a blank page is no attack.
const RATIO_FREE_PIXELS: u64 = 1 << 24;

/// Bounds on an encoded picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Most pixels (width times height). The default is twice the number at which Pillow warns.
    pub pixels: u64,
    /// Most bytes of the encoded file.
    pub bytes: u64,
    /// Most pixels for each encoded byte, for pictures above 16 megapixels. Camera pictures have 2 to 10,
    /// sparse scans some hundreds, decompression bombs more than ten thousand.
    pub pixels_per_byte: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { pixels: 178_956_970, bytes: 256 << 20, pixels_per_byte: 10_000 }
    }
}

impl Limits {
    /// Refuses a file of more than `self.bytes` bytes.
    ///
    /// # Errors
    /// `Input`, naming `name` and the limit.
    pub fn check_bytes(&self, name: &str, bytes: u64) -> Result<()> {
        if bytes <= self.bytes {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Input, name)
            .expected(format!("at most {} bytes", self.bytes))
            .found(format!("{bytes} bytes"))
            .hint("give a smaller file, or raise `limits.bytes` in config.toml"))
    }

    /// Refuses dimensions that are zero, too many pixels, or too many for the size of the file.
    ///
    /// # Errors
    /// `Input`, naming `name` and the limit.
    pub fn check_dimensions(&self, name: &str, (width, height): (u32, u32), bytes: usize) -> Result<()> {
        let pixels = u64::from(width) * u64::from(height);
        let found = format!("{width}x{height}");
        if pixels == 0 {
            return Err(Error::new(ErrorKind::Input, name)
                .expected("a picture of at least 1x1")
                .found(found)
                .hint("the file is damaged; fetch it again"));
        }
        if pixels > self.pixels {
            return Err(Error::new(ErrorKind::Input, name)
                .expected(format!("at most {} pixels", self.pixels))
                .found(format!("{found}, {pixels} pixels"))
                .hint("scale the picture down, or raise `limits.pixels` in config.toml"));
        }
        let allowed = self.pixels_per_byte.saturating_mul(bytes as u64).max(RATIO_FREE_PIXELS);
        if pixels > allowed {
            return Err(Error::new(ErrorKind::Input, name)
                .expected(format!("at most {} pixels for each byte of the file", self.pixels_per_byte))
                .found(format!("{found} in {bytes} bytes"))
                .hint("such a file is usually made to exhaust memory; if you trust it, raise `limits.pixels_per_byte` in config.toml"));
        }
        Ok(())
    }
}
