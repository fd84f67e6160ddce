//! One picture through detector, layout and recogniser.

use super::{
    OcrModels, case,
    ctc::{Character, confidence, decode},
    ink::{Ink, Pixels, ink},
    level::Turn,
    words::{SHARED, words},
};
use crate::{
    Error, ErrorKind, Picture, Result,
    evidence::{OcrLine, PixelBox},
};
use image::{RgbImage, imageops};
use ocrs::{ImageSource, OcrEngine, OcrEngineParams, OcrInput};
use rten::{Dimension, Model};
use rten_imageproc::{BoundingRect, RotatedRect};
use rten_tensor::{AsView, Layout, NdTensor, Tensor};

/// ocrs pads lines on the right to a multiple of this, with this value: what the recogniser was trained on.
const PADDED_TO: usize = 50;
const PADDING: f32 = -0.5;

pub(super) struct Engine {
    ocr: OcrEngine,
    /// Pixels that the detector sees in one go.
    seen: (usize, usize),
    recogniser: Model,
    alphabet: Vec<char>,
}

/// A picture with its words, all turned so that most are level.
struct Page {
    picture: RgbImage,
    input: OcrInput,
    words: Vec<RotatedRect>,
    turn: Option<Turn>,
}

impl Page {
    /// Words where they are in the picture before it was turned.
    fn as_seen(&self, words: Vec<RotatedRect>) -> Vec<RotatedRect> {
        match &self.turn {
            Some(turn) => words.iter().map(|word| turn.word_back(word)).collect(),
            None => words,
        }
    }
}

/// Words next to each other in a line, painted alike.
struct Run {
    words: Vec<RotatedRect>,
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
        let parameters = OcrEngineParams {
            detection_model: Some(detector),
            // ocrs wants one to prepare lines for it; it is run by ourselves.
            recognition_model: Some(load("recogniser", &models.recogniser)?),
            ..OcrEngineParams::default()
        };
        let ocr = OcrEngine::new(parameters).map_err(|error| failed("models").because(error))?;
        let recogniser = load("recogniser", &models.recogniser)?;
        Ok(Self { ocr, seen, recogniser, alphabet: models.alphabet.chars().collect() })
    }

    /// The lines of a picture in reading order, a line painted in several colours in parts.
    pub(super) fn read(&self, picture: &Picture, max_side: u32) -> Result<Vec<OcrLine>> {
        let reduced = reduced(picture, max_side)?;
        let scale = f64::from(picture.width()) / f64::from(reduced.width());
        let page = self.page(reduced)?;
        let mut lines = Vec::new();
        for words in self.ocr.find_text_lines(&page.input, &page.words) {
            for run in runs(words, &page.picture) {
                let characters = self.recognise(&page.input, &run.words)?;
                if !characters.is_empty() {
                    let words = page.as_seen(run.words);
                    let bounds = bounds(&words, scale, picture.width(), picture.height());
                    lines.push(line(&characters, run.ink, bounds));
                }
            }
        }
        Ok(lines)
    }

    /// Finds the words, and makes them level if they are not.
    fn page(&self, picture: RgbImage) -> Result<Page> {
        let input = input(&self.ocr, &picture)?;
        let words = words(&self.ocr, self.seen, &picture, &input)?;
        let Some(turn) = Turn::levelling(&words, picture.width(), picture.height()) else {
            return Ok(Page { picture, input, words, turn: None });
        };
        let picture = turn.picture(&picture);
        let input = self::input(&self.ocr, &picture)?;
        let words = words.iter().map(|word| turn.word(word)).collect();
        Ok(Page { picture, input, words, turn: Some(turn) })
    }

    fn recognise(&self, input: &OcrInput, words: &[RotatedRect]) -> Result<Vec<Character>> {
        let prepared = self
            .ocr
            .prepare_recognition_input(input, words)
            .map_err(|error| failed("line").because(error))?;
        let [height, width] = prepared.shape();
        let padded_width = width.next_multiple_of(PADDED_TO);
        let mut padded = NdTensor::full([1, 1, height, padded_width], PADDING);
        for y in 0..height {
            for x in 0..width {
                padded[[0, 0, y, x]] = prepared[[y, x]];
            }
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
        let scores = output.to_vec();
        let step_width = padded_width as f32 / (scores.len() / labels).max(1) as f32;
        let mut characters = decode(&scores, &self.alphabet);
        characters.retain(|character| (character.step as f32 * step_width) < width as f32);
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
fn runs(words: Vec<RotatedRect>, picture: &RgbImage) -> Vec<Run> {
    let pixels = Pixels { width: picture.width(), height: picture.height(), rgb: picture.as_raw() };
    let mut runs: Vec<Run> = Vec::new();
    for word in words {
        let ink = ink(pixels, bounds(std::slice::from_ref(&word), 1.0, pixels.width, pixels.height));
        let is_more_of = |run: &Run| match (run.ink, ink) {
            (Some(before), Some(ink)) => before.is_like(ink),
            (_, ink) => ink.is_none(),
        };
        match runs.last_mut() {
            Some(run) if is_more_of(run) => run.words.push(word),
            _ => runs.push(Run { words: vec![word], ink }),
        }
    }
    runs
}

fn line(characters: &[Character], ink: Option<Ink>, bounds: PixelBox) -> OcrLine {
    OcrLine {
        id: String::new(),
        text: characters.iter().map(|character| character.letter).collect(),
        confidence: confidence(characters),
        characters: characters.iter().map(|character| character.probability).collect(),
        bounds,
        ink: ink.map(|ink| ink.name().to_owned()),
    }
}

/// The smallest upright box around words, scaled, within width x height.
fn bounds(words: &[RotatedRect], scale: f64, width: u32, height: u32) -> PixelBox {
    let edge = |value: f32, most: u32| (f64::from(value) * scale).round().clamp(0.0, f64::from(most)) as u32;
    let rects = words.iter().map(BoundingRect::bounding_rect);
    let (mut left, mut top, mut right, mut bottom) = (width, height, 0, 0);
    for rect in rects {
        left = left.min(edge(rect.left(), width));
        top = top.min(edge(rect.top(), height));
        right = right.max(edge(rect.right(), width));
        bottom = bottom.max(edge(rect.bottom(), height));
    }
    PixelBox { x: left, y: top, width: right.saturating_sub(left), height: bottom.saturating_sub(top) }
}
