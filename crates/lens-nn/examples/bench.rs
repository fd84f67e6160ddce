//! Times one model on real shapes: `bench clip|text|blip|t5 CHECKPOINT f32|bf16|int8 [THREADS]`.
//!
//! Loads the checkpoint, prints `ready`, then runs the work once per line on stdin (a number: the batch) and prints its
//! seconds. `reference/bench.py` drives it turn by turn with the peers, so that both meet the same noise.

use lens_nn::{
    Backend, Result,
    backend::cpu::{Cpu, CpuOptions, Precision},
    blip::Blip,
    clip::Clip,
    generate::{BeamOptions, Lengths, SampleOptions, Search, Strategy, Stream, generate},
    t5::T5,
    weights::Checkpoint,
};
use std::{io::BufRead, path::Path, sync::Arc, time::Instant};

/// One unit of work on a batch.
type Work = Box<dyn Fn(usize) -> Result<()>>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [family, checkpoint, precision, rest @ ..] = arguments.as_slice() else {
        return Err("usage: bench clip|text|blip|t5 CHECKPOINT f32|bf16|int8 [THREADS]".into());
    };
    let threads = rest.first().map_or(Ok(0), |count| count.parse())?;
    let precision = match precision.as_str() {
        "f32" => Precision::F32,
        "bf16" => Precision::Bf16,
        "int8" => Precision::Int8,
        other => return Err(format!("unknown precision `{other}`").into()),
    };
    let backend = Arc::new(Cpu::new(CpuOptions { threads, precision }));
    let work = work(family, &Checkpoint::open(Path::new(checkpoint))?, backend)?;
    say("ready");
    for line in std::io::stdin().lock().lines() {
        let batch = line?.trim().parse()?;
        let start = Instant::now();
        work(batch)?;
        say(&start.elapsed().as_secs_f64().to_string());
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the protocol with the script that drives it")]
fn say(line: &str) {
    println!("{line}");
}

fn work(
    family: &str,
    checkpoint: &Checkpoint,
    backend: Arc<Cpu>,
) -> Result<Work, Box<dyn std::error::Error>> {
    Ok(match family {
        "clip" => images(Clip::load(checkpoint, backend)?),
        "text" => texts(Clip::load(checkpoint, backend)?),
        "blip" => captions(Blip::load(checkpoint, backend)?),
        "t5" => answers(T5::load(checkpoint, backend)?),
        other => return Err(format!("unknown family `{other}`: expected clip, text, blip or t5").into()),
    })
}

/// Pixels of `batch` pictures; speed does not depend on their values.
fn pixels(batch: usize, side: usize) -> Vec<f32> {
    (0..batch * 3 * side * side).map(|index| (index % 255) as f32 / 127.5 - 1.0).collect()
}

fn images<B: Backend>(model: Clip<B>) -> Work {
    Box::new(move |batch| model.image_features(&pixels(batch, model.image_size())).map(drop))
}

/// `batch` tags of 6 to 10 tokens, start and end included.
fn texts<B: Backend>(model: Clip<B>) -> Work {
    let vocabulary = model.vocabulary_size() as u32;
    let tag = move |index: usize| -> Vec<u32> {
        let words =
            (0..4 + index % 5).map(|word| 1 + (index as u32 * 31 + word as u32 * 7) % (vocabulary - 3));
        std::iter::once(vocabulary - 2).chain(words).chain([vocabulary - 1]).collect()
    };
    Box::new(move |batch| model.text_features(&(0..batch).map(tag).collect::<Vec<_>>()).map(drop))
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
