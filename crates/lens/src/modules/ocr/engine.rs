//! One picture through detector, layout and recogniser.

use super::{
    OcrModels, case,
    ctc::{Character, LogProbabilities, decode},
    curve::Curve,
    ink::{Ink, ink},
    layout::{Layout, Line, layout},
    read::{Read, in_order, joined},
    spelling::Spelling,
    strip::{HEIGHT, Span, Strip, colours, cut},
    words::{SHARED, Word, words},
};
use crate::{Error, ErrorKind, Picture, Result, evidence::OcrLine};
use image::{RgbImage, imageops};
use ocrs::{ImageSource, OcrEngine, OcrEngineParams, OcrInput};
use rten::{Dimension, Model};
use rten_tensor::{AsView, Layout as _, NdTensor, Tensor};

/// ocrs pads lines on the right to a multiple of this, with this value: what the recogniser was trained on.
const PADDED_TO: usize = 50;
const PADDING: f32 = -0.5;

pub(super) struct Engine {
    ocr: OcrEngine,
    /// Pixels that the detector sees in one go.
    seen: (usize, usize),
    recogniser: Model,
    alphabet: Vec<char>,
    spelling: Option<Spelling>,
}

/// Words next to each other in a line, painted alike.
struct Run {
    words: Vec<Word>,
    spans: Vec<Span>,
    ink: Option<Ink>,
}

impl Engine {
    pub(super) fn load(models: &OcrModels) -> Result<Self> {
        let load = |part: &str, bytes: &[u8]| {
            let refuse = |found: String| {
                Error::new(ErrorKind::Weights, format!("OCR {part} of {}", models.name))
                    .expected("an rten or ONNX file")
                    .found(found)
                    .hint("use models that were exported for ocrs")
            };
            if is_endless(bytes) {
                return Err(refuse("other bytes".to_owned()));
            }
            Model::load(bytes.to_vec()).map_err(|error| refuse(error.to_string()).because(error))
        };
        let detector = load("detector", &models.detector)?;
        let seen = seen_by(&detector);
        let parameters = OcrEngineParams { detection_model: Some(detector), ..OcrEngineParams::default() };
        let ocr = OcrEngine::new(parameters).map_err(|error| failed("models").because(error))?;
        let recogniser = load("recogniser", &models.recogniser)?;
        let spelling = models.words.as_deref().map(Spelling::learn);
        Ok(Self { ocr, seen, recogniser, alphabet: models.alphabet.chars().collect(), spelling })
    }

    /// The lines of a picture in reading order, a line painted in several colours in parts.
    pub(super) fn read(&self, picture: &Picture, max_side: u32) -> Result<Vec<OcrLine>> {
        let reduced = reduced(picture, max_side)?;
        let scale = f64::from(picture.width()) / f64::from(reduced.width());
        let words = words(&self.ocr, self.seen, &reduced, &input(&self.ocr, &reduced)?)?;
        let Layout { lines, along } = layout(words);
        let mut reads = Vec::new();
        for (number, line) in lines.into_iter().enumerate() {
            let outlines = line.words.iter().flat_map(|word| &word.outline);
            let curve = Curve::through(outlines, line.along);
            for run in runs(line, &curve, &reduced) {
                let Some(strip) = cut(&reduced, &curve, &run.spans) else { continue };
                let characters = self.recognise(&strip)?;
                reads.extend(Read::new(characters, run.ink, &run.words, along, number));
            }
        }
        let to_line = |read: Read| read.into_line(scale, picture.width(), picture.height());
        Ok(in_order(joined(reads)).into_iter().map(to_line).collect())
    }

    fn recognise(&self, strip: &Strip) -> Result<Vec<Character>> {
        let padded_width = strip.width.next_multiple_of(PADDED_TO);
        let mut padded = NdTensor::full([1, 1, HEIGHT, padded_width], PADDING);
        for (place, pixel) in strip.pixels.iter().enumerate() {
            padded[[0, 0, place / strip.width, place % strip.width]] = *pixel;
        }
        let output = self
            .recogniser
            .run_one(Tensor::from(padded).view().into(), None)
            .map_err(|error| failed("recogniser").because(error))?;
        let output: Tensor<f32> = output.try_into().map_err(|_| failed("recogniser").found("no numbers"))?;
        // (steps, 1, labels)
        let labels = output.shape().last().copied().unwrap_or_default();
        if output.ndim() != 3 || labels != self.alphabet.len() + 1 {
            return Err(failed("recogniser")
                .expected(format!("steps of {} labels", self.alphabet.len() + 1))
                .found(format!("a result of shape {:?}", output.shape()))
                .hint("put the recogniser's characters into alphabet.txt beside it"));
        }
        let mut scores = output.to_vec();
        // No text begins in the padding.
        let steps = (scores.len() / labels * strip.width).div_ceil(padded_width);
        scores.truncate(steps * labels);
        let steps = LogProbabilities::of(scores, labels);
        let mut characters = decode(&steps, &self.alphabet, self.spelling.as_ref());
        case::settle(&mut characters);
        Ok(characters)
    }
}

/// A number of protobuf has at most ten bytes, and its last is below 128. rten 0.26 never returns from a longer one, so a
/// file that begins with one is not given to it.
fn is_endless(bytes: &[u8]) -> bool {
    bytes.get(..10).is_some_and(|number| number.iter().all(|byte| *byte >= 128))
}

/// (width, height) of a detector's input. Without one that is fixed ocrs refuses its first picture; one that is so small
/// that its parts would hardly overlap looks at the whole alone.
fn seen_by(detector: &Model) -> (usize, usize) {
    match detector.input_shape(0).as_deref() {
        Some([_, _, Dimension::Fixed(height), Dimension::Fixed(width)])
            if *height.min(width) > 2 * SHARED =>
        {
            (*width, *height)
        }
        _ => (usize::MAX, usize::MAX),
    }
}

/// A picture, or a part of one, as ocrs looks at it.
pub(super) fn input(ocr: &OcrEngine, picture: &RgbImage) -> Result<OcrInput> {
    let source = ImageSource::from_bytes(picture.as_raw(), picture.dimensions())
        .map_err(|error| failed("picture").because(error))?;
    ocr.prepare_input(source).map_err(|error| failed("picture").because(error))
}

pub(super) fn failed(what: &str) -> Error {
    Error::new(ErrorKind::Model, format!("OCR {what}"))
}

/// At most `max_side` pixels on the longest side.
fn reduced(picture: &Picture, max_side: u32) -> Result<RgbImage> {
    let (width, height) = (picture.width(), picture.height());
    let whole = RgbImage::from_raw(width, height, picture.rgb().to_vec())
        .ok_or_else(|| Error::new(ErrorKind::Internal, "pixels of a picture"))?;
    let longest = width.max(height);
    if longest <= max_side {
        return Ok(whole);
    }
    let shrink =
        |side: u32| (u64::from(side) * u64::from(max_side)).div_ceil(u64::from(longest)).max(1) as u32;
    Ok(imageops::resize(&whole, shrink(width), shrink(height), imageops::FilterType::Triangle))
}

/// Parts a line where the ink changes. A word without a colour of its own stays with the one before.
fn runs(line: Line, curve: &Curve, picture: &RgbImage) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for word in line.words {
        let span = Span::of(&word, curve);
        let ink = ink(&colours(picture, curve, span));
        let is_more_of = |run: &Run| match (run.ink, ink) {
            (Some(before), Some(ink)) => before.is_like(ink),
            (_, ink) => ink.is_none(),
        };
        match runs.last_mut() {
            Some(run) if is_more_of(run) => {
                run.words.push(word);
                run.spans.push(span);
            }
            _ => runs.push(Run { words: vec![word], spans: vec![span], ink }),
        }
    }
    runs
}
