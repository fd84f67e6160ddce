//! Encoded bytes to upright 8-bit RGB.

use super::{Format, Limits};
use crate::{Error, ErrorKind, Result};
use ::image::{
    DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Rgb, RgbImage, metadata::Orientation,
};
use lens_nn::panics;
use std::io::Cursor;

/// What a decoder may allocate beside the pixels themselves: tables, one more copy of a frame's rows.
const WORKSPACE_BYTES: u64 = 64 << 20;

/// Decodes, turns upright and composites on white. The decoders are other people's code over untrusted bytes:
/// a panic in one becomes an `Internal` error instead of ending the process.
pub(super) fn upright_rgb(name: &str, bytes: &[u8], format: Format, limits: &Limits) -> Result<RgbImage> {
    panics::caught(|| decode(name, bytes, format, limits)).unwrap_or_else(|| {
        Err(Error::new(ErrorKind::Internal, name)
            .found(format!("the {format} decoder stopped on it"))
            .hint("open the picture in an image editor, save it as PNG, and report the original to LENS"))
    })
}

fn decode(name: &str, bytes: &[u8], format: Format, limits: &Limits) -> Result<RgbImage> {
    let failed = |error: ImageError| damaged(name, format, error);
    #[cfg(feature = "avif")]
    if format == Format::Avif {
        // The AVIF decoder decodes as soon as it is made, so its header is read here.
        limits.check_dimensions(name, super::heif::dimensions(name, bytes)?, bytes.len())?;
    }
    let reader = ImageReader::with_format(Cursor::new(bytes), container(format));
    let mut decoder = reader.into_decoder().map_err(failed)?;
    limits.check_dimensions(name, decoder.dimensions(), bytes.len())?;
    let mut memory = ::image::Limits::no_limits();
    memory.max_alloc = Some(decoder.total_bytes().saturating_mul(2).saturating_add(WORKSPACE_BYTES));
    decoder.set_limits(memory).map_err(failed)?;
    let orientation = orientation(&mut decoder, format, bytes);
    let mut pixels = DynamicImage::from_decoder(decoder).map_err(failed)?;
    pixels.apply_orientation(orientation);
    Ok(on_white(pixels))
}

fn container(format: Format) -> ImageFormat {
    match format {
        Format::Jpeg => ImageFormat::Jpeg,
        Format::Png | Format::Rgb8 => ImageFormat::Png,
        Format::WebP => ImageFormat::WebP,
        Format::Gif => ImageFormat::Gif,
        Format::Bmp => ImageFormat::Bmp,
        Format::Tiff => ImageFormat::Tiff,
        Format::Avif => ImageFormat::Avif,
    }
}

/// The orientation that the metadata asks for; metadata that cannot be read asks for nothing.
#[cfg_attr(not(feature = "avif"), expect(unused_variables, reason = "only AVIF keeps it outside of EXIF"))]
fn orientation(decoder: &mut impl ImageDecoder, format: Format, bytes: &[u8]) -> Orientation {
    #[cfg(feature = "avif")]
    if format == Format::Avif {
        return super::heif::orientation(bytes);
    }
    if let Ok(Some(exif)) = decoder.exif_metadata() {
        // Some WebP and PNG writers keep JPEG's prefix.
        let tiff = exif.strip_prefix(b"Exif\0\0").unwrap_or(&exif);
        if let Some(orientation) = Orientation::from_exif_chunk(tiff) {
            return orientation;
        }
    }
    decoder.orientation().unwrap_or(Orientation::NoTransforms)
}

/// Alpha composited on white, 16-bit and float channels rounded to 8 bits.
fn on_white(pixels: DynamicImage) -> RgbImage {
    if !pixels.color().has_alpha() {
        return pixels.into_rgb8();
    }
    let rgba = pixels.into_rgba8();
    let mut rgb = RgbImage::new(rgba.width(), rgba.height());
    for (out, pixel) in rgb.pixels_mut().zip(rgba.pixels()) {
        let [r, g, b, alpha] = pixel.0;
        *out = Rgb([over_white(r, alpha), over_white(g, alpha), over_white(b, alpha)]);
    }
    rgb
}

/// `channel * alpha + 255 * (1 - alpha)`, rounded to nearest.
fn over_white(channel: u8, alpha: u8) -> u8 {
    let (channel, alpha) = (u32::from(channel), u32::from(alpha));
    ((channel * alpha + 255 * (255 - alpha) + 127) / 255) as u8
}

fn damaged(name: &str, format: Format, error: ImageError) -> Error {
    let (found, hint) = match &error {
        ImageError::Unsupported(_) => ("one of a kind that is not read", "save it as a plain PNG or JPEG"),
        ImageError::Limits(_) => ("one that needs too much memory", "scale the picture down"),
        _ => ("a damaged one", "fetch the picture again, or open and save it in an image editor"),
    };
    Error::new(ErrorKind::Input, name)
        .expected(format!("a complete {format} picture"))
        .found(format!("{found} ({error})"))
        .hint(hint)
        .because(error)
}
