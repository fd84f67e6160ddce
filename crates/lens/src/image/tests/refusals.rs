//! What is refused, and that damage never gets further than an error.

use super::made::{CMYK_JPEG, encode, tiff, unhex, with_exif};
use crate::ErrorKind;
use crate::image::{Limits, Picture};
use ::image::{DynamicImage, ImageFormat, RgbaImage};
use proptest::prelude::*;

#[test]
fn other_files_are_named() {
    let cases: &[(&[u8], &str)] = &[
        (b"", "an empty file"),
        (b"hello, this is no picture", "text"),
        ("Gr\u{fc}\u{df}e".as_bytes(), "text"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "a HEIC picture"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0", "a HEIC picture"),
        (b"\0\0\0\x18ftypisom\0\0\0\0", "a video"),
        (b"\0\0\x01\0\x01\0\x10\x10", "an ICO icon"),
        (b"<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>", "an SVG drawing"),
        (b"<!DOCTYPE html><title>404</title>", "an HTML page"),
        (b"%PDF-1.7\n%\xe2\xe3", "a PDF document"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\xff\x0a\x00", "a JPEG XL picture"),
        (b"\x7fELF\x02\x01\0", "bytes of no known picture format"),
        (b"BMW is a car maker", "text"),
    ];
    for (bytes, found) in cases {
        let error = Picture::decode_named("photo.jpg", bytes, &Limits::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Input);
        assert_eq!(error.thing(), "photo.jpg");
        assert_eq!(error.finding(), Some(*found));
        assert!(error.expectation().is_some_and(|e| e.contains("JPEG, PNG, WebP")), "{error}");
        assert!(error.advice().is_some());
    }
}

/// A PNG that claims `width` x `height` and holds next to no data.
fn claiming_png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = encode(&DynamicImage::new_rgb8(1, 1), ImageFormat::Png);
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let checksum = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&checksum.to_be_bytes());
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| if c & 1 == 1 { (c >> 1) ^ 0xedb8_8320 } else { c >> 1 })
    })
}

#[test]
fn dimensions_are_refused_before_decoding() {
    let error = Picture::decode(&claiming_png(60_000, 60_000), &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert_eq!(error.expectation(), Some("at most 178956970 pixels"));
    assert_eq!(error.finding(), Some("60000x60000, 3600000000 pixels"));

    let error = Picture::decode(&claiming_png(10_000, 10_000), &Limits::default()).unwrap_err();
    assert_eq!(error.expectation(), Some("at most 10000 pixels for each byte of the file"));
}

#[test]
fn limits_are_the_callers() {
    let bytes = encode(&DynamicImage::new_rgb8(10, 10), ImageFormat::Png);
    let tight = |limits| Picture::decode(&bytes, &limits).unwrap_err().to_string();
    assert!(tight(Limits { pixels: 99, ..Limits::default() }).contains("at most 99 pixels"));
    assert!(tight(Limits { bytes: 10, ..Limits::default() }).contains("at most 10 bytes"));
    assert!(Picture::decode(&bytes, &Limits { pixels: 100, ..Limits::default() }).is_ok());
}

/// One small file of each format.
fn seeds() -> Vec<Vec<u8>> {
    let image =
        DynamicImage::from(RgbaImage::from_fn(9, 7, |x, y| [x as u8 * 20, y as u8 * 30, 90, 200].into()));
    let rgb = DynamicImage::from(image.to_rgb8());
    let grey = vec![90; 63];
    vec![
        with_exif(&rgb, ImageFormat::Jpeg, 6),
        unhex(CMYK_JPEG),
        encode(&image, ImageFormat::Png),
        with_exif(&rgb, ImageFormat::WebP, 5),
        encode(&image, ImageFormat::Gif),
        encode(&rgb, ImageFormat::Bmp),
        tiff(9, 7, &grey, 8),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// A panic inside a decoder is caught and reported as `Internal`, which this test does not accept.
    #[test]
    fn damaged_files_are_a_picture_or_an_input_error(
        seed in 0_usize..7,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        keep in 0.2_f64..1.2,
    ) {
        let mut bytes = seeds().swap_remove(seed);
        for (index, value) in edits {
            let at = index.index(bytes.len());
            bytes[at] = value;
        }
        bytes.truncate((bytes.len() as f64 * keep) as usize);
        let limits = Limits { pixels: 1 << 20, ..Limits::default() };
        match Picture::decode(&bytes, &limits) {
            Ok(picture) => {
                let pixels = picture.width() as usize * picture.height() as usize;
                prop_assert_eq!(picture.rgb().len(), pixels * 3);
            }
            Err(error) => prop_assert_eq!(error.kind(), ErrorKind::Input, "{}", error),
        }
    }
}
