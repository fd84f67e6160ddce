//! Encoded pictures.

use ::image::{DynamicImage, ExtendedColorType, ImageEncoder, ImageFormat, codecs};
use std::{fmt::Write as _, io::Cursor};

/// A 16x16 CMYK JPEG, 8 red rows over 8 darkened cyan rows, without a colour transform (Adobe marker 0).
/// With 2 at [`ADOBE_TRANSFORM`] the same coefficients are YCCK.
pub(super) const CMYK_JPEG: &str = include_str!("cmyk.jpg.hex");
/// Where the Adobe marker keeps its colour transform.
pub(super) const ADOBE_TRANSFORM: usize = 17;

pub(super) fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks_exact(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(super) fn encode(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A grey TIFF of one uncompressed strip, with an orientation tag.
pub(super) fn tiff(width: u32, height: u32, grey: &[u8], orientation: u32) -> Vec<u8> {
    let entries = [
        (256, width),
        (257, height),
        (258, 8),
        (259, 1),
        (262, 1),
        (273, 8),
        (274, orientation),
        (278, height),
        (279, grey.len() as u32),
    ];
    let mut bytes = b"II*\0".to_vec();
    bytes.extend((8 + grey.len() as u32).to_le_bytes());
    bytes.extend(grey);
    bytes.extend((entries.len() as u16).to_le_bytes());
    for (tag, value) in entries {
        bytes.extend((tag as u16).to_le_bytes());
        bytes.extend([3, 0, 1, 0, 0, 0]);
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([0; 4]);
    bytes
}

/// The EXIF block that holds nothing but an orientation.
pub(super) fn exif(orientation: u8) -> Vec<u8> {
    let mut block = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    block.extend([orientation, 0, 0, 0, 0, 0, 0]);
    block
}

/// Writes `image` as grey PNG, WebP or JPEG with an EXIF orientation.
pub(super) fn with_exif(image: &DynamicImage, format: ImageFormat, orientation: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let grey = image.to_luma8();
    let (width, height) = grey.dimensions();
    match format {
        ImageFormat::Png => {
            let mut encoder = codecs::png::PngEncoder::new(&mut bytes);
            encoder.set_exif_metadata(exif(orientation)).unwrap();
            encoder.write_image(&grey, width, height, ExtendedColorType::L8).unwrap();
        }
        ImageFormat::WebP => {
            let mut encoder = codecs::webp::WebPEncoder::new_lossless(&mut bytes);
            let prefixed = [b"Exif\0\0".as_slice(), &exif(orientation)].concat();
            encoder.set_exif_metadata(prefixed).unwrap();
            encoder.write_image(&grey, width, height, ExtendedColorType::L8).unwrap();
        }
        _ => {
            let mut encoder = codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 95);
            encoder.set_exif_metadata(exif(orientation)).unwrap();
            encoder.write_image(&grey, width, height, ExtendedColorType::L8).unwrap();
        }
    }
    bytes
}
