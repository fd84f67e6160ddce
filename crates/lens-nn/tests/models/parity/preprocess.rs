//! Pictures of many sizes, bit for bit before normalisation.

use super::golden::Golden;
use lens_nn::preprocess::{Convention, Preprocess, RgbView};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Normalised values may differ by this from the reference's.
const TOLERANCE: f32 = 1e-6;

const PROCESSORS: [(&str, Convention, usize); 6] = [
    ("clip-224", Convention::Clip, 224),
    ("clip-31", Convention::Clip, 31),
    ("open-clip-224", Convention::OpenClip, 224),
    ("open-clip-31", Convention::OpenClip, 31),
    ("blip-384", Convention::Blip, 384),
    ("blip-48", Convention::Blip, 48),
];

#[derive(Deserialize)]
struct Case {
    processor: String,
    width: usize,
    height: usize,
    seed: u32,
    /// The first pixel of the result.
    first: [u8; 3],
    /// Of all its bytes.
    sha256: String,
}

/// The picture that `reference/preprocess.py` draws: noise in even seeds, blocks of 8 x 8 pixels in odd ones.
fn picture(width: usize, height: usize, seed: u32) -> Vec<u8> {
    let block = if seed % 2 == 1 { 8 } else { 1 };
    let mut bytes = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            for channel in 0..3u32 {
                let mut value = (x as u32 / block).wrapping_mul(374_761_393);
                value = value.wrapping_add((y as u32 / block).wrapping_mul(668_265_263));
                value = value.wrapping_add(channel.wrapping_mul(2_246_822_519));
                value = value.wrapping_add(seed.wrapping_mul(3_266_489_917));
                value = (value ^ (value >> 13)).wrapping_mul(1_274_126_177);
                bytes.push((value ^ (value >> 16)) as u8);
            }
        }
    }
    bytes
}

fn load((name, convention, size): (&str, Convention, usize)) -> Preprocess {
    let checkpoint = Golden::new(&format!("preprocess/{name}")).checkpoint();
    Preprocess::from_checkpoint(&checkpoint, convention, size).unwrap()
}

#[test]
fn resized_pictures_equal_pillow_bit_for_bit() {
    let cases: Vec<Case> = Golden::new("preprocess").json("cases.json");
    assert_eq!(cases.len(), 129);
    for processor in PROCESSORS {
        let preprocess = load(processor);
        for case in cases.iter().filter(|case| case.processor == processor.0) {
            let bytes = picture(case.width, case.height, case.seed);
            let view = RgbView::new(case.width, case.height, &bytes).unwrap();
            let found = preprocess.resized_rgb(view).unwrap();
            let name = format!("{} of {}x{}", case.processor, case.width, case.height);
            assert_eq!(found[..3], case.first, "{name}: first pixel");
            assert_eq!(hex(&found), case.sha256, "{name}");
        }
    }
}

#[test]
fn normalised_levels_equal_the_reference() {
    for processor in PROCESSORS {
        let (preprocess, size) = (load(processor), processor.2);
        let expected = Golden::new("preprocess").tensor("levels.safetensors", processor.0).values;
        // A picture of one colour stays so, whatever the filter: its weights sum to one.
        for level in 0..=255u8 {
            let bytes = [level; 3];
            let pixels = preprocess.pixels(RgbView::new(1, 1, &bytes).unwrap()).unwrap();
            for channel in 0..3 {
                let found = pixels[channel * size * size];
                let expected = expected[channel * 256 + usize::from(level)];
                assert!(
                    (found - expected).abs() <= TOLERANCE,
                    "{}, level {level}: {found} {expected}",
                    processor.0
                );
            }
            if size > 100 && level % 16 != 0 {
                continue;
            }
            assert!(
                pixels
                    .chunks_exact(size * size)
                    .all(|plane| plane.iter().all(|value| value.to_bits() == plane[0].to_bits()))
            );
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
