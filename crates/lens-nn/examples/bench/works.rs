//! The work that is timed, on real shapes.

use lens_nn::{
    Backend, Result,
    backend::cpu::Cpu,
    blip::Blip,
    clip::{Clip, normalize},
    generate::{BeamOptions, Lengths, SampleOptions, Search, Strategy, Stream, generate},
    t5::T5,
    weights::{Bytes, Checkpoint},
};
use std::{path::Path, sync::Arc};

/// One unit of work on a batch.
pub(crate) type Work = Box<dyn Fn(usize) -> Result<()>>;

/// A checkpoint and the machine that keeps its packed layers.
pub(crate) struct Model(Checkpoint, Arc<Cpu>);

impl Model {
    pub(crate) fn open(folder: &Path, cpu: Arc<Cpu>) -> Result<Self> {
        Ok(Self(Checkpoint::open(folder)?, cpu))
    }

    fn clip(&self) -> Result<Clip<Cpu>> {
        Clip::load(&self.0, Arc::clone(&self.1))
    }

    fn blip(&self) -> Result<Blip<Cpu>> {
        Blip::load(&self.0, Arc::clone(&self.1))
    }
}

/// Loads the models of `work`; vocabularies are kept in `packs`.
pub(crate) fn load(work: &str, models: &[Model], packs: &Path) -> Result<Work, Box<dyn std::error::Error>> {
    Ok(match (work, models) {
        ("clip", [clip]) => images(clip.clip()?),
        ("text", [clip]) => texts(clip.clip()?),
        ("blip", [blip]) => captions(blip.blip()?),
        ("t5", [Model(checkpoint, cpu)]) => answers(T5::load(checkpoint, Arc::clone(cpu))?),
        ("tags", [clip]) => tags(clip.clip()?, &[TAGS], packs)?,
        ("vision", [clip, blip]) => {
            let tags = tags(clip.clip()?, &[TAGS, ATTRIBUTES], packs)?;
            let captions = captions(blip.blip()?);
            Box::new(move |batch| tags(batch).and_then(|()| captions(batch)))
        }
        _ => return Err(format!("no work `{work}` of {} models", models.len()).into()),
    })
}

/// Pixels of `batch` pictures; speed does not depend on their values.
fn pixels(batch: usize, side: usize) -> Vec<f32> {
    (0..batch * 3 * side * side).map(|index| (index % 255) as f32 / 127.5 - 1.0).collect()
}

fn images<B: Backend>(model: Clip<B>) -> Work {
    Box::new(move |batch| model.image_features(&pixels(batch, model.image_size())).map(drop))
}

/// `batch` tags of 6 to 10 tokens, start and end included, some at a time as a vocabulary is built.
fn texts<B: Backend>(model: Clip<B>) -> Work {
    let vocabulary = model.vocabulary_size() as u32;
    let tag = move |index: usize| -> Vec<u32> {
        let words =
            (0..4 + index % 5).map(|word| 1 + (index as u32 * 31 + word as u32 * 7) % (vocabulary - 3));
        std::iter::once(vocabulary - 2).chain(words).chain([vocabulary - 1]).collect()
    };
    Box::new(move |batch| {
        let tags: Vec<_> = (0..batch).map(tag).collect();
        tags.chunks(128).try_for_each(|tags| model.text_features(tags).map(drop))
    })
}

/// Per picture: one beam-5 caption and ten samples, of 30 tokens with the prompt's four.
fn captions<B: Backend>(model: Blip<B>) -> Work {
    Box::new(move |batch| {
        let pictures = model.see(&pixels(batch, model.image_size()))?;
        let prompt = vec![vec![model.tokens().bos, 11, 12, 13]; batch];
        let (lengths, end) = (Lengths { min: 30, max: 30 }, model.tokens().sep);
        let search = |source, strategy| Search { source, strategy, lengths, end };
        let searches: Vec<Search> = (0..batch)
            .flat_map(|source| {
                let stream = move |index| Stream::new(0, &[source as u8; 32], index);
                let samples =
                    (0..10).map(move |index| Strategy::Sample(SampleOptions::default(), stream(index)));
                std::iter::once(search(source, BEAM)).chain(samples.map(move |sample| search(source, sample)))
            })
            .collect();
        generate(&mut model.captions(&pictures), &prompt, &searches, &mut ()).map(drop)
    })
}

/// Per text: 400 tokens in, 10 out, 5 beams.
fn answers<B: Backend>(model: T5<B>) -> Work {
    Box::new(move |batch| {
        let texts = vec![(0..400).map(|index| 3 + index * 7 % 20_000).collect::<Vec<u32>>(); batch];
        let lengths = Lengths { min: 11, max: 11 };
        let searches: Vec<Search> = (0..batch)
            .map(|source| Search { source, strategy: BEAM, lengths, end: model.end_token() })
            .collect();
        let mut decoder = model.answers(&model.encode(&texts)?);
        generate(&mut decoder, &vec![vec![model.start_token()]; batch], &searches, &mut ()).map(drop)
    })
}

const BEAM: Strategy =
    Strategy::Beam(BeamOptions { beams: 5, length_penalty: -1.0, early_stopping: false, returned: 1 });

/// Texts of the published vocabularies.
const TAGS: usize = 22_131;
const ATTRIBUTES: usize = 34_760;

/// Per picture: the five best of each vocabulary.
fn tags<B: Backend>(clip: Clip<B>, texts: &[usize], packs: &Path) -> std::io::Result<Work> {
    let open = |&texts: &usize| Vocabulary::open(packs, texts, clip.dimension());
    let vocabularies = texts.iter().map(open).collect::<std::io::Result<Vec<_>>>()?;
    Ok(Box::new(move |batch| {
        let mut features = clip.image_features(&pixels(batch, clip.image_size()))?;
        normalize(&mut features, clip.dimension());
        for vocabulary in &vocabularies {
            for feature in features.chunks_exact(clip.dimension()) {
                std::hint::black_box(best_five(feature, vocabulary.rows()));
            }
            vocabulary.release();
        }
        Ok(())
    }))
}

/// Embedded texts in a mapped file, as `lens::vocab` keeps them.
struct Vocabulary(Bytes);

impl Vocabulary {
    /// The file of an earlier start, or a new one.
    fn open(packs: &Path, texts: usize, dimension: usize) -> std::io::Result<Self> {
        let path = packs.join(format!("vocabulary-{texts}-{dimension}.f32"));
        if !path.exists() {
            let mut rows: Vec<f32> =
                (0..texts * dimension).map(|index| ((index * 7919) % 1013) as f32 / 1013.0 - 0.5).collect();
            normalize(&mut rows, dimension);
            fs_err::create_dir_all(packs)?;
            fs_err::write(&path, bytemuck::cast_slice(&rows))?;
        }
        Bytes::map(&path).map(Self)
    }

    fn rows(&self) -> &[f32] {
        bytemuck::cast_slice(&self.0)
    }

    fn release(&self) {
        self.0.release(0..self.0.len());
    }
}

/// The rows of `vocabulary` with the greatest products, as `lens::embedder::cosines` computes them.
fn best_five(feature: &[f32], vocabulary: &[f32]) -> Vec<usize> {
    let product = |row: &[f32]| {
        let mut sums = [0.0f32; 8];
        for (x, y) in row.chunks_exact(8).zip(feature.chunks_exact(8)) {
            sums.iter_mut().zip(x.iter().zip(y)).for_each(|(sum, (x, y))| *sum += x * y);
        }
        sums.iter().sum::<f32>()
    };
    let products: Vec<f32> = vocabulary.chunks_exact(feature.len()).map(product).collect();
    let mut order: Vec<usize> = (0..products.len()).collect();
    let (best, ..) = order.select_nth_unstable_by(5, |&a, &b| products[b].total_cmp(&products[a]));
    best.to_vec()
}
