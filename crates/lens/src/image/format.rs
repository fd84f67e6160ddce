//! What a file is, from its first bytes. The name of a file says nothing.

use crate::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The formats that are decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Format {
    /// JPEG: grey, YCbCr, RGB, CMYK, YCCK; baseline and progressive.
    Jpeg,
    /// PNG, 1 to 16 bits per channel; the still image of an animation.
    Png,
    /// WebP, lossy and lossless; the first frame of an animation.
    WebP,
    /// GIF, the first frame.
    Gif,
    /// BMP.
    Bmp,
    /// TIFF, the first page.
    Tiff,
    /// AVIF, with the feature `avif`.
    Avif,
    /// Raw pixels, never a file.
    Rgb8,
}

/// The formats accepted by this build, for messages.
pub(crate) const ACCEPTED: &str = if cfg!(feature = "avif") {
    "a JPEG, PNG, WebP, GIF, BMP, TIFF or AVIF picture"
} else {
    "a JPEG, PNG, WebP, GIF, BMP or TIFF picture"
};

impl Format {
    /// The format of an encoded picture. `name` is what the error calls it.
    ///
    /// # Errors
    /// `Input`, naming what the bytes are instead, when they are no accepted picture.
    pub fn of(name: &str, bytes: &[u8]) -> Result<Self> {
        if let Some(format) = Self::sniff(bytes) {
            return Ok(format);
        }
        let (found, hint) = describe(bytes);
        Err(Error::new(ErrorKind::Input, name).expected(ACCEPTED).found(found).hint(hint))
    }

    /// The accepted format that the first bytes (12 are enough) announce.
    #[must_use]
    pub fn sniff(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::WebP),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => Some(Self::Bmp),
            [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Some(Self::Tiff),
            [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', b'i', b'f' | b's', ..]
                if cfg!(feature = "avif") =>
            {
                Some(Self::Avif)
            }
            _ => None,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::WebP => "WebP",
            Self::Gif => "GIF",
            Self::Bmp => "BMP",
            Self::Tiff => "TIFF",
            Self::Avif => "AVIF",
            Self::Rgb8 => "RGB8",
        })
    }
}

const CONVERT: &str = "convert it to JPEG or PNG first";
const NOT_A_PICTURE: &str = "check that the path names a picture and that its download is complete";

/// What bytes that are not an accepted picture are, and what to do about it.
fn describe(bytes: &[u8]) -> (&'static str, &'static str) {
    match bytes {
        [] => ("an empty file", NOT_A_PICTURE),
        [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] => describe_iso_media(brand),
        [0, 0, 1 | 2, 0, ..] => ("an ICO icon", CONVERT),
        [0xff, 0x0a, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => ("a JPEG XL picture", CONVERT),
        [0, 0, 0, 12, b'j', b'P', b' ', b' ', ..] => ("a JPEG 2000 picture", CONVERT),
        [b'8', b'B', b'P', b'S', ..] => ("a Photoshop document", CONVERT),
        [b'%', b'P', b'D', b'F', ..] => ("a PDF document", "export the page as PNG first"),
        [b'P', b'K', 3, 4, ..] => ("a ZIP archive", "unpack it and give the folder"),
        [0x1f, 0x8b, ..] => ("gzip data", "unpack it first"),
        _ => describe_text(bytes),
    }
}

fn describe_iso_media(brand: &[u8]) -> (&'static str, &'static str) {
    match brand {
        [b'h' | b'm', b'e' | b'i', b'i' | b'f' | b'v', b'1'..=b'x', ..] => ("a HEIC picture", CONVERT),
        [b'a', b'v', b'i', b'f' | b's', ..] => {
            ("an AVIF picture", "convert it to PNG first, or build LENS with the feature `avif`")
        }
        _ => ("a video", "give one of its frames as a picture"),
    }
}

fn describe_text(bytes: &[u8]) -> (&'static str, &'static str) {
    let head = bytes.get(..512).unwrap_or(bytes);
    let lower = head.to_ascii_lowercase();
    let has = |needle: &[u8]| lower.windows(needle.len()).any(|window| window == needle);
    if has(b"<svg") {
        ("an SVG drawing", "render it to PNG first")
    } else if has(b"<html") || has(b"<!doctype html") {
        ("an HTML page", "the download was answered with a page; save the picture itself")
    } else if !head.contains(&0) && is_utf8_prefix(head) {
        ("text", NOT_A_PICTURE)
    } else {
        ("bytes of no known picture format", NOT_A_PICTURE)
    }
}

/// Whether `head` is UTF-8, forgiving a character cut at its end.
fn is_utf8_prefix(head: &[u8]) -> bool {
    match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    }
}
