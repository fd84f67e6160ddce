//! open_clip's transform for inference: `open_clip_config.json`, object `preprocess_cfg`.
//!
//! Reference: open_clip 3, `transform.py` (`PreprocessCfg`, `image_transform`) and `factory.py`, where the size of the
//! pictures is the model's, whatever the file says.

use super::{
    config::{OPENAI_MEAN, OPENAI_STD, PerChannel, Plan, Section},
    geometry::{CropRounding, Resize},
    normalize::Levels,
};
use crate::{Result, weights::Checkpoint};
use serde::Deserialize;

const FILE: &str = "open_clip_config.json";

#[derive(Debug, Deserialize)]
struct OpenClipFile {
    preprocess_cfg: Option<PreprocessCfg>,
}

/// `size` is dead: the model's own size replaces it. `fill_color` is for padding, which no supported mode needs.
#[derive(Debug, Default, Deserialize)]
struct PreprocessCfg {
    mode: Option<String>,
    mean: Option<PerChannel>,
    std: Option<PerChannel>,
    interpolation: Option<String>,
    resize_mode: Option<String>,
}

pub(super) fn read(checkpoint: &Checkpoint, image_size: usize) -> Result<(Plan, Levels)> {
    let cfg = checkpoint.json::<OpenClipFile>(FILE)?.preprocess_cfg.unwrap_or_default();
    let section = Section { file: checkpoint.label(FILE), path: "preprocess_cfg." };
    section.only("mode", cfg.mode.as_deref().unwrap_or("RGB"), "RGB")?;
    section.only("interpolation", cfg.interpolation.as_deref().unwrap_or("bicubic"), "bicubic")?;

    let size = Section { file: section.file.clone(), path: "model_cfg.vision_cfg." }
        .pixels("image_size", image_size)?;
    let resize = match cfg.resize_mode.as_deref().unwrap_or("shortest") {
        "shortest" => Resize::Shortest(size),
        "squash" => Resize::Square(size),
        mode => {
            return Err(section.error("resize_mode").expected("shortest or squash").found(mode));
        }
    };
    let mean = cfg.mean.unwrap_or(OPENAI_MEAN).values();
    let std = section.deviations("std", cfg.std.unwrap_or(OPENAI_STD))?;
    let plan = Plan { resize, rounding: CropRounding::HalfToEven, size };
    Ok((plan, Levels::new(mean, std, |byte| f32::from(byte) / 255.0)))
}
