//! A temperature for the tags of one vocabulary and model, so that their probabilities mean what they say.

mod listing;

use crate::{
    Task,
    data::{Dataset, Row, Sample, Truth},
    files,
    report::reliability_diagram,
    stats::{Bin, best_temperature, expected_calibration_error, reliability},
    tags::is_true,
    task::Kind,
};
use lens::{
    Embedder, Error, ErrorKind, Look, Picture, Result, cosines, image::Limits, vocab::EmbeddedVocabulary,
};
use listing::Listing;
use serde::Serialize;
use std::{collections::HashSet, ops::ControlFlow, path::Path};

/// Pictures embedded together.
const BATCH: usize = 8;
/// Fewer statements say nothing.
const FEWEST: usize = 10;

/// Which pictures, and which of their tags.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CalibrateOptions {
    /// The most pictures.
    pub limit: Option<usize>,
    /// Chooses them.
    pub seed: u64,
    /// The most tags that are listed.
    pub top_k: usize,
    /// The least cosine of a listed tag.
    pub threshold: f32,
}

/// A fitted temperature and what it changes on the statements it was fitted on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Calibrated {
    /// Divides the logits.
    pub temperature: f32,
    /// Pictures that the data set tells true tags of.
    pub samples: usize,
    /// Their listed tags; each is right or wrong.
    pub statements: usize,
    /// Expected calibration error without it, 0 to 1.
    pub error_before: f64,
    /// With it.
    pub error_after: f64,
    /// Probabilities against the share that is right, without it.
    pub before: Vec<Bin>,
    /// With it.
    pub after: Vec<Bin>,
}

/// Fits the temperature of `vocabulary` under `embedder` on labelled or captioned pictures of a task: the one with the least log
/// loss of all listed tags, each of them right or wrong by itself.
///
/// Of a set of classes only pictures count whose class is in the vocabulary. `watch` hears (done, all), and `Break` stops it.
///
/// # Errors
/// `Input` when there are fewer than ten listed tags, or the data cannot be read; what the embedder reports.
pub fn calibrate(
    task: &Task,
    data: &Path,
    options: CalibrateOptions,
    vocabulary: &EmbeddedVocabulary,
    embedder: &dyn Embedder,
    watch: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Calibrated> {
    let dataset = Dataset::open(task, data, &task.data.split)?;
    let texts = vocabulary.vocabulary().texts();
    let known: HashSet<String> = texts.iter().map(|text| text.to_lowercase()).collect();
    let mut told = dataset.choose(options.limit, options.seed);
    told.retain(|row| row.sample.as_ref().is_ok_and(|sample| tells(task, sample, &dataset, &known)));
    let scale = embedder.space()?.logit_scale;
    let mut listings = Vec::with_capacity(told.len());
    for batch in told.chunks(BATCH) {
        if watch(listings.len(), told.len()).is_break() {
            return Err(Error::new(ErrorKind::Input, "calibration").found("stopped before its end"));
        }
        let (looks, samples): (Vec<Look>, Vec<&Sample>) =
            batch.iter().filter_map(|row| look(&dataset, row)).unzip();
        for (embedding, sample) in embedder.embed_looks(&looks)?.iter().zip(samples) {
            let cosines = cosines(embedding, vocabulary.embeddings());
            let right =
                |text: usize| texts.get(text).is_some_and(|text| is_true(sample, &dataset.classes, text));
            listings.push(Listing::new(cosines, scale, (options.top_k, options.threshold), right));
        }
    }
    fitted(&listings).ok_or_else(|| {
        Error::new(ErrorKind::Input, format!("true tags of the task {}", task.name))
            .expected(format!(
                "pictures with at least {FEWEST} listed tags of {}",
                vocabulary.vocabulary().name()
            ))
            .found(format!("{} pictures", listings.len()))
            .hint("choose a task with captions, or one whose classes are words of the vocabulary")
    })
}

fn fitted(listings: &[Listing]) -> Option<Calibrated> {
    let all = |temperature: f64| listings.iter().flat_map(move |listing| listing.statements(temperature));
    let statements = all(1.0).count();
    if statements < FEWEST {
        return None;
    }
    let surprise = |(p, right): (f64, bool)| -(if right { p } else { 1.0 - p }).max(1e-12).ln();
    let temperature = best_temperature(|temperature| all(temperature).map(surprise).sum()) as f32;
    let bins = |temperature: f64| {
        reliability(&all(temperature).map(|(p, right)| (p, f64::from(u8::from(right)))).collect::<Vec<_>>())
    };
    let (before, after) = (bins(1.0), bins(f64::from(temperature)));
    Some(Calibrated {
        temperature,
        samples: listings.len(),
        statements,
        error_before: expected_calibration_error(&before),
        error_after: expected_calibration_error(&after),
        before,
        after,
    })
}

/// Whether the data set says which tags are true of a sample: it has captions, or a class that is a tag.
fn tells(task: &Task, sample: &Sample, dataset: &Dataset, known: &HashSet<String>) -> bool {
    match sample.truth {
        Truth::Class(_) => {
            sample.right(&dataset.classes).iter().any(|class| known.contains(&class.to_lowercase()))
        }
        Truth::Texts(_) => task.kind == Kind::Captioning,
    }
}

fn look<'d>(dataset: &Dataset, row: &'d Row) -> Option<(Look, &'d Sample)> {
    let sample = row.sample.as_ref().ok()?;
    let bytes = dataset.images.read(&sample.image).ok()?;
    let picture = Picture::decode_named(&row.id, &bytes, &Limits::default()).ok()?;
    Some((Look::new(picture), sample))
}

impl Calibrated {
    /// Writes `calibration.json` and a reliability diagram without and with the temperature.
    ///
    /// # Errors
    /// `Input` when the folder cannot be written to.
    pub fn write(&self, out: &Path) -> Result<()> {
        fs_err::create_dir_all(out).map_err(|error| files::unwritable(out, error))?;
        files::write_json(&out.join("calibration.json"), self)?;
        let temperature = format!("reliability of tags, temperature {:.3}", self.temperature);
        for (file, title, bins) in [
            ("reliability_before.svg", "reliability of tags, temperature 1", &self.before),
            ("reliability_after.svg", temperature.as_str(), &self.after),
        ] {
            files::write_whole(&out.join(file), reliability_diagram(title, bins).as_bytes())?;
        }
        Ok(())
    }
}
