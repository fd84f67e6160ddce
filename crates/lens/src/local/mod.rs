//! Models that run in this process: checkpoints behind the doors of the library.

mod blip;
mod clip;
mod reader;

pub use blip::{Captioner, CaptionerOptions, Draft};
pub use clip::ClipEncoder;
pub use reader::T5Reader;

use crate::{Fingerprint, Look, Picture, Result, evidence::hex};

use lens_nn::{
    backend::cpu::{Cpu, Precision},
    preprocess::{Preprocess, RgbView},
    weights::Checkpoint,
};
use std::sync::Arc;

/// Pictures in one call of a vision tower: enough to fill the processor, and a bound on memory.
const BATCH: usize = 8;

/// The files of a model and the arithmetic it runs in.
fn fingerprint(checkpoint: &Checkpoint, cpu: &Cpu) -> Result<Fingerprint> {
    let precision = match cpu.precision() {
        Precision::F32 => "f32",
        Precision::Bf16 => "bf16",
        Precision::Int8 => "int8",
    };
    Ok(Fingerprint::new().with("model", &hex(&checkpoint.fingerprint()?)).with("precision", precision))
}

/// Pixels of looks for a vision tower (looks, 3, size, size); those that were [prepared](prepare) are not made again.
fn pixels<'a>(preprocess: &Preprocess, key: &str, looks: impl Iterator<Item = &'a Look>) -> Result<Vec<f32>> {
    let mut all = Vec::new();
    for look in looks {
        match look.shared::<Vec<f32>>(key) {
            Some(prepared) => all.extend_from_slice(&prepared),
            None => all.extend(preprocess.pixels(rgb_view(look.picture())?)?),
        }
    }
    Ok(all)
}

/// Makes the pixels of one look beforehand and leaves them under `key`.
fn prepare(preprocess: &Preprocess, key: &str, look: &Look) -> Result<()> {
    if look.shared::<Vec<f32>>(key).is_none() {
        look.share(key, Arc::new(preprocess.pixels(rgb_view(look.picture())?)?));
    }
    Ok(())
}

/// A picture as a vision tower sees it, before normalisation (size, size).
fn view(preprocess: &Preprocess, picture: &Picture) -> Result<Picture> {
    let rgb = preprocess.resized_rgb(rgb_view(picture)?)?;
    let size = preprocess.size() as u32;
    Picture::from_rgb8(size, size, rgb)
}

fn rgb_view(picture: &Picture) -> Result<RgbView<'_>> {
    RgbView::new(picture.width() as usize, picture.height() as usize, picture.rgb())
}
