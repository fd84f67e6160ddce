//! A temperature for the tags of one vocabulary and model, so that their probabilities mean what they say.

use crate::{
    Task,
    data::Dataset,
    stats::{expected_calibration_error, fit_temperature, reliability},
};
use lens::{
    Embedder, Error, ErrorKind, Look, Picture, Result, cosines, image::Limits, probabilities,
    vocab::EmbeddedVocabulary,
};
use serde::Serialize;
use std::{collections::HashMap, ops::ControlFlow, path::Path};

/// Pictures embedded together.
const BATCH: usize = 8;

/// A fitted temperature and what it changes on the samples it was fitted on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Calibrated {
    /// Divides the logits.
    pub temperature: f32,
    /// Pictures whose label is in the vocabulary.
    pub samples: usize,
    /// Expected calibration error without it, 0 to 1.
    pub error_before: f64,
    /// With it.
    pub error_after: f64,
}

/// Fits the temperature of `vocabulary` under `embedder` on at most `limit` labelled pictures of a task.
/// `watch` hears (done, all), and `Break` stops it.
///
/// # Errors
/// `Input` when fewer than ten labels are texts of the vocabulary, or the data cannot be read; what the embedder reports.
pub fn calibrate(
    task: &Task,
    data: &Path,
    (limit, seed): (Option<usize>, u64),
    vocabulary: &EmbeddedVocabulary,
    embedder: &dyn Embedder,
    watch: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Calibrated> {
    let dataset = Dataset::open(task, data, &task.data.split)?;
    let places: HashMap<String, usize> =
        vocabulary.vocabulary().texts().iter().map(|text| text.to_lowercase()).zip(0..).collect();
    let mut labelled = Vec::new();
    for row in dataset.choose(limit, seed) {
        let Ok(sample) = &row.sample else { continue };
        let right = sample.right(&dataset.classes);
        let Some(place) = right.first().and_then(|label| places.get(&label.to_lowercase())) else { continue };
        labelled.push((row, sample, *place));
    }
    let scale = embedder.space()?.logit_scale;
    let mut samples: Vec<(Vec<f64>, usize)> = Vec::with_capacity(labelled.len());
    for batch in labelled.chunks(BATCH) {
        if watch(samples.len(), labelled.len()).is_break() {
            return Err(Error::new(ErrorKind::Input, "calibration").found("stopped before its end"));
        }
        let picture = |(row, sample, place): &(&crate::data::Row, &crate::data::Sample, usize)| {
            let bytes = dataset.images.read(&sample.image).ok()?;
            let picture = Picture::decode_named(&row.id, &bytes, &Limits::default()).ok()?;
            Some((Look::new(picture), *place))
        };
        let (looks, places): (Vec<Look>, Vec<usize>) = batch.iter().filter_map(picture).unzip();
        for (embedding, place) in embedder.embed_looks(&looks)?.iter().zip(places) {
            let logits = cosines(embedding, vocabulary.embeddings());
            samples.push((logits.iter().map(|cosine| f64::from(cosine * scale)).collect(), place));
        }
    }
    if samples.len() < 10 {
        return Err(Error::new(ErrorKind::Input, format!("labels of the task {}", task.name))
            .expected(format!("at least ten pictures whose label is in {}", vocabulary.vocabulary().name()))
            .found(samples.len().to_string())
            .hint("choose a task whose classes are words of the vocabulary"));
    }
    let temperature = fit_temperature(&samples) as f32;
    Ok(Calibrated {
        temperature,
        samples: samples.len(),
        error_before: error(&samples, 1.0),
        error_after: error(&samples, temperature),
    })
}

/// Expected calibration error of the best text under a temperature.
fn error(samples: &[(Vec<f64>, usize)], temperature: f32) -> f64 {
    let answer = |(logits, class): &(Vec<f64>, usize)| {
        let logits: Vec<f32> = logits.iter().map(|logit| *logit as f32).collect();
        let probabilities = probabilities(&logits, 1.0 / temperature);
        let best = (0..probabilities.len()).max_by(|a, b| probabilities[*a].total_cmp(&probabilities[*b]))?;
        Some((f64::from(probabilities[best]), f64::from(u8::from(best == *class))))
    };
    expected_calibration_error(&reliability(&samples.iter().filter_map(answer).collect::<Vec<_>>()))
}
