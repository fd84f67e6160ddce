//! The one choke point for pictures: every entry turns its bytes into a [`Picture`] here and nowhere else, so
//! the same picture gives the same evidence from a path, from stdin, from a server or from a program.
//!
//! Bytes -> format by magic number -> dimensions checked against [`Limits`] before any pixel is decoded ->
//! upright (all 8 EXIF orientations) -> alpha composited on white -> 8-bit RGB.

mod data_uri;
mod decode;
mod folder;
mod format;
#[cfg(any(feature = "avif", test))]
mod heif;
mod limits;
mod source;

#[cfg(test)]
mod tests;

pub use format::Format;
pub use limits::Limits;
pub use source::Source;

use crate::{Error, ErrorKind, Result};
use ::image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};
use sha2::{Digest, Sha256};
use std::fmt;

/// An upright picture in 8-bit RGB, with the hash of what it was decoded from.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
    sha256: [u8; 32],
    format: Format,
}

impl Picture {
    /// Decodes an encoded picture of any accepted [`Format`].
    ///
    /// A JPEG that ends early is decoded as far as it goes.
    ///
    /// # Errors
    /// `Input` when the bytes are not an accepted picture, exceed `limits`, or are damaged.
    ///
    /// ```
    /// use lens::image::{Limits, Picture};
    /// let error = Picture::decode(b"%PDF-1.7", &Limits::default()).unwrap_err();
    /// assert_eq!(error.finding(), Some("a PDF document"));
    /// ```
    pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Self> {
        Self::decode_named("the picture", bytes, limits)
    }

    /// [`Picture::decode`] with the name that errors call the picture by.
    ///
    /// # Errors
    /// As [`Picture::decode`].
    pub fn decode_named(name: &str, bytes: &[u8], limits: &Limits) -> Result<Self> {
        limits.check_bytes(name, bytes.len() as u64)?;
        let format = Format::of(name, bytes)?;
        let upright = decode::upright_rgb(name, bytes, format, limits)?;
        let (width, height) = upright.dimensions();
        Ok(Self { width, height, rgb: upright.into_raw(), sha256: Self::sha256_of(bytes), format })
    }

    /// A picture from pixels: row by row, three bytes each, no padding. Its hash is [`Self::pixel_sha256`].
    ///
    /// # Errors
    /// `Input` when a side is 0 or `rgb` does not hold `width * height * 3` bytes.
    pub fn from_rgb8(width: u32, height: u32, rgb: Vec<u8>) -> Result<Self> {
        let expected = (u64::from(width) * u64::from(height)).saturating_mul(3);
        if expected == 0 || rgb.len() as u64 != expected {
            return Err(Error::new(ErrorKind::Input, format!("raw pixels of {width}x{height}"))
                .expected(format!("sides of at least 1 and {expected} bytes, three for each pixel"))
                .found(format!("{} bytes", rgb.len()))
                .hint("pass rows of RGB without padding"));
        }
        let mut picture = Self { width, height, rgb, sha256: [0; 32], format: Format::Rgb8 };
        picture.sha256 = picture.pixel_sha256();
        Ok(picture)
    }

    /// Width in pixels after orientation, at least 1.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels after orientation, at least 1.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The pixels, (height, width, 3), row by row, 0 to 255.
    #[must_use]
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// The pixels as a PNG file.
    ///
    /// # Errors
    /// `Internal` when they cannot be encoded.
    pub fn to_png(&self) -> Result<Vec<u8>> {
        let mut file = Vec::new();
        PngEncoder::new(&mut file)
            .write_image(&self.rgb, self.width, self.height, ExtendedColorType::Rgb8)
            .map_err(|error| Error::new(ErrorKind::Internal, "PNG of a picture").because(error))?;
        Ok(file)
    }

    /// What [`Self::sha256`] is of a picture decoded from these bytes, for those who need not decode it.
    #[must_use]
    pub fn sha256_of(bytes: &[u8]) -> [u8; 32] {
        Sha256::digest(bytes).into()
    }

    /// SHA-256 of the original bytes; of the framed pixels for [`Picture::from_rgb8`].
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        self.sha256
    }

    /// SHA-256 over ("rgb8", width, height, pixels), the numbers as 32-bit little-endian: the same for every file that
    /// shows these pixels upright. Reads all pixels at each call.
    #[must_use]
    pub fn pixel_sha256(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"rgb8");
        hash.update(self.width.to_le_bytes());
        hash.update(self.height.to_le_bytes());
        hash.update(&self.rgb);
        hash.finalize().into()
    }

    /// What the bytes were.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({}, {}x{})", self.format, self.width, self.height)
    }
}
