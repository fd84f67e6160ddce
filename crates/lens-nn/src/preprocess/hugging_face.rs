//! transformers' image processors: `processor_config.json` (nested, since version 5) or `preprocessor_config.json`.
//!
//! Reference: transformers 5, `image_processing_backends.py` (`PilBackend`), `image_processing_pil_clip.py`,
//! `image_processing_pil_blip.py`. A field that is null or absent has its class's default.

use super::{
    Convention,
    config::{OPENAI_MEAN, OPENAI_STD, PerChannel, Plan, Section},
    geometry::{CropRounding, Resize},
    normalize::Levels,
};
use crate::{Error, ErrorKind, Result, weights::Checkpoint};
use serde::Deserialize;
use std::fmt;

/// `PIL.Image.Resampling.BICUBIC`.
const BICUBIC: i64 = 3;

#[derive(Debug, Deserialize)]
struct ProcessorFile {
    image_processor: Option<ImageProcessor>,
}

/// The fields that change the result. `do_convert_rgb`, `do_pad` and `size_divisor` cannot: pictures are RGB already,
/// and a single square needs no padding.
#[derive(Debug, Deserialize)]
struct ImageProcessor {
    #[serde(rename = "image_processor_type")]
    class: Option<String>,
    #[serde(rename = "feature_extractor_type")]
    old_class: Option<String>,
    do_resize: Option<bool>,
    size: Option<Size>,
    resample: Option<i64>,
    do_center_crop: Option<bool>,
    crop_size: Option<Size>,
    do_rescale: Option<bool>,
    rescale_factor: Option<f64>,
    do_normalize: Option<bool>,
    image_mean: Option<PerChannel>,
    image_std: Option<PerChannel>,
    pad_size: Option<Size>,
}

/// Old files hold a number, newer ones an object.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(
    untagged,
    expecting = "expected a number of pixels, or an object with `shortest_edge`, or with `height` and `width`"
)]
enum Size {
    Number(usize),
    Edges(Edges),
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Edges {
    height: Option<usize>,
    width: Option<usize>,
    shortest_edge: Option<usize>,
    longest_edge: Option<usize>,
}

pub(super) fn read(
    checkpoint: &Checkpoint,
    convention: Convention,
    image_size: usize,
) -> Result<(Plan, Levels)> {
    let (section, processor) = find(checkpoint)?;
    check_class(&section, convention, processor.class.as_ref().or(processor.old_class.as_ref()))?;
    section.only("do_resize", processor.do_resize.unwrap_or(true), true)?;
    section.only("do_rescale", processor.do_rescale.unwrap_or(true), true)?;
    section.only("do_normalize", processor.do_normalize.unwrap_or(true), true)?;
    section.only("resample", processor.resample.unwrap_or(BICUBIC), BICUBIC)?;
    if processor.pad_size.is_some() {
        return Err(section.error("pad_size").expected("none: the pictures are squares"));
    }
    let plan = plan(&section, &processor, convention, image_size)?;
    let levels = levels(&section, &processor)?;
    Ok((plan, levels))
}

/// The nested object wins over the older file, as in `get_image_processor_dict`.
fn find(checkpoint: &Checkpoint) -> Result<(Section, ImageProcessor)> {
    const NESTED: &str = "processor_config.json";
    const PLAIN: &str = "preprocessor_config.json";
    if let Some(ProcessorFile { image_processor: Some(processor) }) = checkpoint.json_if_present(NESTED)? {
        return Ok((Section { file: checkpoint.label(NESTED), path: "image_processor." }, processor));
    }
    match checkpoint.json_if_present(PLAIN)? {
        Some(processor) => Ok((Section { file: checkpoint.label(PLAIN), path: "" }, processor)),
        None => Err(Error::new(ErrorKind::Config, checkpoint.label(PLAIN))
            .expected(format!("the file, or {NESTED} with an `image_processor`"))
            .found("neither")
            .hint("download all the files of the model: how it prepares pictures is not in its weights")),
    }
}

/// The class decides the defaults, so another class is another preprocessing.
fn check_class(section: &Section, convention: Convention, class: Option<&String>) -> Result<()> {
    let Some(class) = class else { return Ok(()) };
    let family = if convention == Convention::Blip { "Blip" } else { "CLIP" };
    let roles = ["ImageProcessor", "ImageProcessorFast", "ImageProcessorPil", "FeatureExtractor"];
    if class.strip_prefix(family).is_some_and(|role| roles.contains(&role)) {
        return Ok(());
    }
    let error = section.error("image_processor_type").expected(format!("{family}ImageProcessor"));
    Err(error.found(class.as_str()).hint("the file belongs to a model of another family"))
}

fn plan(
    section: &Section,
    processor: &ImageProcessor,
    convention: Convention,
    image_size: usize,
) -> Result<Plan> {
    let clip = convention == Convention::Clip;
    let resize = match processor.size {
        Some(size) => size.resize(section, clip)?,
        None if clip => Resize::Shortest(224),
        None => Resize::Square(384),
    };
    let (field, size) = match (processor.do_center_crop.unwrap_or(clip), resize) {
        (true, _) => ("crop_size", processor.crop_size.map_or(Ok(224), |size| size.crop(section))?),
        (false, Resize::Square(edge)) => ("size", edge),
        (false, Resize::Shortest(_)) => {
            let error =
                section.error("do_center_crop").expected("true: `size.shortest_edge` alone leaves no square");
            return Err(error.found("false"));
        }
    };
    section.fits_model(field, size, image_size)?;
    let (Resize::Shortest(edge) | Resize::Square(edge)) = resize;
    if size > edge {
        let error = section.error("crop_size").expected(format!("at most {edge}, the size before the crop"));
        return Err(error.found(size.to_string()).hint("LENS does not pad pictures"));
    }
    Ok(Plan { resize, rounding: CropRounding::Floor, size })
}

fn levels(section: &Section, processor: &ImageProcessor) -> Result<Levels> {
    let mean = processor.image_mean.unwrap_or(OPENAI_MEAN).values();
    let std = section.deviations("image_std", processor.image_std.unwrap_or(OPENAI_STD))?;
    let factor = processor.rescale_factor.unwrap_or(1.0 / 255.0);
    // numpy multiplies in f64, then rounds to f32.
    Ok(Levels::new(mean, std, |byte| (f64::from(byte) * factor) as f32))
}

impl Size {
    /// A bare number is the shorter edge for CLIP, both edges for BLIP (`default_to_square`).
    fn resize(self, section: &Section, number_is_shortest: bool) -> Result<Resize> {
        let edges = match self {
            Self::Number(edge) if number_is_shortest => {
                Edges { shortest_edge: Some(edge), ..Edges::default() }
            }
            Self::Number(edge) => Edges { height: Some(edge), width: Some(edge), ..Edges::default() },
            Self::Edges(edges) => edges,
        };
        match edges {
            Edges { shortest_edge: Some(edge), longest_edge: None, height: None, width: None } => {
                section.pixels("size", edge).map(Resize::Shortest)
            }
            _ => edges.square(section, "size").map(Resize::Square),
        }
    }

    fn crop(self, section: &Section) -> Result<usize> {
        match self {
            Self::Number(edge) => section.pixels("crop_size", edge),
            Self::Edges(edges) => edges.square(section, "crop_size"),
        }
    }
}

impl Edges {
    fn square(self, section: &Section, field: &str) -> Result<usize> {
        match self {
            Self { height: Some(height), width: Some(width), shortest_edge: None, longest_edge: None }
                if height == width =>
            {
                section.pixels(field, height)
            }
            _ => Err(section.error(field).expected("equal `height` and `width`").found(self.to_string())),
        }
    }
}

impl fmt::Display for Edges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let edges = [
            ("height", self.height),
            ("width", self.width),
            ("shortest_edge", self.shortest_edge),
            ("longest_edge", self.longest_edge),
        ];
        let given: Vec<String> =
            edges.iter().filter_map(|(name, edge)| edge.map(|edge| format!("{name} {edge}"))).collect();
        if given.is_empty() { f.write_str("neither") } else { f.write_str(&given.join(", ")) }
    }
}
