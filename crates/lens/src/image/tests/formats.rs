//! Every accepted format gives the pixels that were put in.

use super::made::{ADOBE_TRANSFORM, CMYK_JPEG, encode, hex, unhex};
use crate::image::{Format, Limits, Picture};
use ::image::{DynamicImage, ImageBuffer, ImageFormat, Luma, LumaA, Rgb, RgbImage, Rgba};
use sha2::{Digest, Sha256};

fn decode(bytes: &[u8]) -> Picture {
    Picture::decode(bytes, &Limits::default()).unwrap()
}

#[track_caller]
fn assert_near(picture: &Picture, x: u32, y: u32, expected: [u8; 3], tolerance: u8) {
    let at = (y * picture.width() + x) as usize * 3;
    let found = &picture.rgb()[at..at + 3];
    let near = found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= tolerance);
    assert!(near, "{picture:?} at ({x}, {y}): {found:?}, not {expected:?} within {tolerance}");
}

/// Left half red, right half blue.
fn red_blue() -> DynamicImage {
    RgbImage::from_fn(32, 16, |x, _| if x < 16 { Rgb([200, 10, 20]) } else { Rgb([10, 20, 200]) }).into()
}

#[test]
fn formats_give_the_same_picture() {
    struct Case {
        encoder: ImageFormat,
        format: Format,
        tolerance: u8,
    }
    let case = |encoder, format, tolerance| Case { encoder, format, tolerance };
    for Case { encoder, format, tolerance } in [
        case(ImageFormat::Jpeg, Format::Jpeg, 12),
        case(ImageFormat::Png, Format::Png, 0),
        case(ImageFormat::WebP, Format::WebP, 0),
        case(ImageFormat::Gif, Format::Gif, 4),
        case(ImageFormat::Bmp, Format::Bmp, 0),
        case(ImageFormat::Tiff, Format::Tiff, 0),
    ] {
        let bytes = encode(&red_blue(), encoder);
        let picture = decode(&bytes);
        assert_eq!((picture.width(), picture.height(), picture.format()), (32, 16, format));
        assert_near(&picture, 4, 8, [200, 10, 20], tolerance);
        assert_near(&picture, 28, 8, [10, 20, 200], tolerance);
        assert_eq!(picture.sha256(), <[u8; 32]>::from(Sha256::digest(&bytes)), "{format}");
    }
}

#[test]
fn png_channels_become_rgb8() {
    let grey16 = ImageBuffer::from_pixel(2, 1, Luma([0x80_00_u16]));
    let rgb16 = ImageBuffer::from_pixel(2, 1, Rgb([0xffff_u16, 0x0101, 0]));
    let grey_alpha = ImageBuffer::from_pixel(2, 1, LumaA([0_u8, 128]));
    let clear = ImageBuffer::from_pixel(2, 1, Rgba([255_u8, 0, 0, 0]));
    let half = ImageBuffer::from_pixel(2, 1, Rgba([0xffff_u16, 0, 0, 0x8000]));
    for (image, expected) in [
        // 0x8000 / 257 = 127.5
        (DynamicImage::ImageLuma16(grey16), [128, 128, 128]),
        (DynamicImage::ImageRgb16(rgb16), [255, 1, 0]),
        // (255 - 128) of white
        (DynamicImage::ImageLumaA8(grey_alpha), [127, 127, 127]),
        // A hidden colour stays hidden.
        (DynamicImage::ImageRgba8(clear), [255, 255, 255]),
        (DynamicImage::ImageRgba16(half), [255, 127, 127]),
    ] {
        let picture = decode(&encode(&image, ImageFormat::Png));
        assert_eq!(picture.rgb(), [expected, expected].concat());
    }
}

#[test]
fn palette_png() {
    // 2x1, two bits per pixel: entry 1 is orange, entry 2 blue and fully transparent.
    let bytes = unhex(
        "89504e470d0a1a0a0000000d4948445200000002000000010203000000894c971900000009504c5445000000ff80 \
         000000fffb431d130000000374524e53ffff00d7ca0d410000000a49444154789c6348000000620061b19879f200 \
         00000049454e44ae426082",
    );
    assert_eq!(decode(&bytes).rgb(), [255, 128, 0, 255, 255, 255]);
}

#[test]
fn cmyk_and_ycck_jpeg() {
    // Expected: Pillow 11.3 on the same bytes.
    for (transform, top, bottom) in [(0, [255, 0, 0], [0, 215, 215]), (2, [179, 0, 227], [65, 215, 25])] {
        let mut bytes = unhex(CMYK_JPEG);
        bytes[ADOBE_TRANSFORM] = transform;
        let picture = decode(&bytes);
        assert_eq!((picture.width(), picture.height()), (16, 16));
        assert_near(&picture, 2, 2, top, 2);
        assert_near(&picture, 2, 13, bottom, 2);
    }
}

#[test]
fn extreme_shapes() {
    for (width, height) in [(1, 1), (3000, 1), (1, 3000)] {
        let image = DynamicImage::from(RgbImage::from_pixel(width, height, Rgb([9, 8, 7])));
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Bmp] {
            let picture = decode(&encode(&image, format));
            assert_eq!((picture.width(), picture.height()), (width, height), "{format:?}");
        }
    }
}

#[test]
fn raw_pixels_hash_with_their_shape() {
    let wide = Picture::from_rgb8(3, 2, vec![7; 18]).unwrap();
    let tall = Picture::from_rgb8(2, 3, vec![7; 18]).unwrap();
    assert_eq!(wide.rgb(), tall.rgb());
    assert_ne!(wide.sha256(), tall.sha256());
    // sha256(b"rgb8" + struct.pack("<II", 3, 2) + b"\x07" * 18)
    assert_eq!(hex(&wide.sha256()), "cf8e72bb5714a827532b6512c1e0e87c2746be3f26cf398c04319f038af1c316");
    for (width, height) in [(0, 6), (3, 3), (u32::MAX, u32::MAX)] {
        assert!(Picture::from_rgb8(width, height, vec![7; 18]).is_err());
    }
}

#[test]
fn truncated_jpeg_keeps_what_came() {
    let bytes = encode(&red_blue(), ImageFormat::Jpeg);
    let picture = decode(&bytes[..bytes.len() - 20]);
    assert_eq!((picture.width(), picture.height()), (32, 16));
    assert_near(&picture, 4, 4, [200, 10, 20], 12);
}
