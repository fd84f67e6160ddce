//! Pictures that were never seen before, the same ones in each run.

use crate::Fault;
use base64::{Engine, engine::general_purpose::STANDARD};
use image::{Rgb, RgbImage, codecs::jpeg::JpegEncoder};
use std::io::Cursor;

/// A few rectangles of colours that `number` chooses, as a PNG of 256 x 256 pixels.
pub(crate) fn shapes(number: u64) -> Result<String, Fault> {
    let mut random = Random(number);
    let mut picture = RgbImage::from_pixel(256, 256, random.colour());
    for _ in 0..4 {
        let (colour, left, top) = (random.colour(), random.below(192), random.below(192));
        let (width, height) = (16 + random.below(48), 16 + random.below(48));
        for (x, y) in (left..left + width).flat_map(|x| (top..top + height).map(move |y| (x, y))) {
            picture.put_pixel(x, y, colour);
        }
    }
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png)?;
    Ok(uri("png", &bytes.into_inner()))
}

/// A JPEG of about 300 kB.
pub(crate) fn photograph() -> Result<(String, usize), Fault> {
    let mut random = Random(7);
    let picture = RgbImage::from_fn(740, 580, |_, _| random.colour());
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 38).encode_image(&picture)?;
    Ok((uri("jpeg", &bytes), bytes.len()))
}

fn uri(kind: &str, bytes: &[u8]) -> String {
    format!("data:image/{kind};base64,{}", STANDARD.encode(bytes))
}

/// splitmix64: a stream for each number.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, most: u32) -> u32 {
        (self.next() % u64::from(most)) as u32
    }

    fn colour(&mut self) -> Rgb<u8> {
        let [red, green, blue, ..] = self.next().to_le_bytes();
        Rgb([red, green, blue])
    }
}
