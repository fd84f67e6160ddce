//! Runs one model on prepared inputs: `run clip|blip|t5 CHECKPOINT INPUTS OUTPUT.safetensors [THREADS [PRECISION]]`.
//!
//! CHECKPOINT and INPUTS are folders. INPUTS/model.safetensors holds f32 tensors (ids too, as whole numbers):
//! - clip: `pixels` (n, 3, s, s), `ids` (m, longest) with `lengths` (m)
//! - blip: `pixels`, `prompt` (tokens), `forced` (tokens)
//! - t5: `ids`, `lengths`, `forced`
//!
//! The output holds every tower's result, the logits after each forced token, and the tokens of a greedy and a beam-5 search.
//! `reference/full_size.py` and `reference/precision.py` compare it with the reference.

use lens_nn::{
    Backend, Result,
    backend::cpu::{Cpu, CpuOptions, Precision},
    blip::Blip,
    clip::Clip,
    generate::{BeamOptions, Decoder, Lengths, Search, Strategy, generate},
    t5::T5,
    weights::{Checkpoint, Tensors},
};
use safetensors::{Dtype, tensor::TensorView};
use std::{path::Path, sync::Arc};

/// Outputs by name, each a flat list.
type Outputs = Vec<(&'static str, Vec<f32>)>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [family, checkpoint, inputs, output, rest @ ..] = arguments.as_slice() else {
        return Err(
            "usage: run clip|blip|t5 CHECKPOINT INPUTS OUTPUT.safetensors [THREADS [PRECISION]]".into()
        );
    };
    let threads = rest.first().map_or(Ok(0), |count| count.parse())?;
    let precision = match rest.get(1).map_or("f32", String::as_str) {
        "f32" => Precision::F32,
        "bf16" => Precision::Bf16,
        "int8" => Precision::Int8,
        other => return Err(format!("unknown precision `{other}`").into()),
    };
    let backend = Arc::new(Cpu::new(CpuOptions { threads, precision }));
    let checkpoint = Checkpoint::open(Path::new(checkpoint))?;
    let inputs = Checkpoint::open(Path::new(inputs))?.tensors()?;
    let outputs = match family.as_str() {
        "clip" => clip(&Clip::load(&checkpoint, backend)?, &inputs)?,
        "blip" => blip(&Blip::load(&checkpoint, backend)?, &inputs)?,
        "t5" => t5(&T5::load(&checkpoint, backend)?, &inputs)?,
        other => return Err(format!("unknown family `{other}`: expected clip, blip or t5").into()),
    };
    save(&outputs, Path::new(output))
}

fn clip<B: Backend>(model: &Clip<B>, inputs: &Tensors) -> Result<Outputs> {
    Ok(vec![
        ("image_features", model.image_features(&values(inputs, "pixels")?)?),
        ("text_features", model.text_features(&texts(inputs)?)?),
    ])
}

fn blip<B: Backend>(model: &Blip<B>, inputs: &Tensors) -> Result<Outputs> {
    let pixels = values(inputs, "pixels")?;
    let pictures = model.see(&pixels)?;
    let prompt = ids(&values(inputs, "prompt")?);
    let end = model.tokens().sep;
    Ok(vec![
        ("image_states", model.image_states(&pixels)?),
        ("logits", forced_logits(&mut model.captions(&pictures), &ids(&values(inputs, "forced")?))?),
        ("greedy", search(&mut model.captions(&pictures), &prompt, Strategy::Greedy, end)?),
        ("beam", search(&mut model.captions(&pictures), &prompt, BEAM, end)?),
    ])
}

fn t5<B: Backend>(model: &T5<B>, inputs: &Tensors) -> Result<Outputs> {
    let texts = texts(inputs)?;
    let encoded = model.encode(&texts)?;
    let (start, end) = ([model.start_token()], model.end_token());
    Ok(vec![
        ("states", model.text_states(&texts)?),
        ("logits", forced_logits(&mut model.answers(&encoded), &ids(&values(inputs, "forced")?))?),
        ("greedy", search(&mut model.answers(&encoded), &start, Strategy::Greedy, end)?),
        ("beam", search(&mut model.answers(&encoded), &start, BEAM, end)?),
    ])
}

const BEAM: Strategy =
    Strategy::Beam(BeamOptions { beams: 5, length_penalty: -1.0, early_stopping: false, returned: 1 });

/// Logits (steps, sequences, vocabulary) when every sequence is fed the same tokens one by one.
fn forced_logits<D: Decoder>(decoder: &mut D, forced: &[u32]) -> Result<Vec<f32>> {
    let sequences = decoder.sequences();
    let mut all = Vec::new();
    for &token in forced {
        let logits = decoder.step(&vec![token; sequences], &vec![1; sequences])?;
        all.extend(decoder.backend().download(&logits));
    }
    Ok(all)
}

/// The tokens found for each sequence, one after another, each list of up to 40 tokens ended by -1.
fn search<D: Decoder>(decoder: &mut D, prompt: &[u32], strategy: Strategy, end: u32) -> Result<Vec<f32>> {
    let prompts = vec![prompt.to_vec(); decoder.sequences()];
    let lengths = Lengths { min: 0, max: prompt.len() + 40 };
    let searches: Vec<Search> =
        (0..prompts.len()).map(|source| Search { source, strategy, lengths, end }).collect();
    let found = generate(decoder, &prompts, &searches, &mut ())?;
    let best = found.into_iter().filter_map(|hypotheses| hypotheses.into_iter().next());
    Ok(best.flat_map(|text| text.tokens.into_iter().map(|id| id as f32).chain([-1.0])).collect())
}

fn values(inputs: &Tensors, name: &str) -> Result<Vec<f32>> {
    let shape = inputs.shape(name).unwrap_or_default().to_vec();
    inputs.root().read(name, &shape)
}

fn ids(values: &[f32]) -> Vec<u32> {
    values.iter().map(|&value| value as u32).collect()
}

/// Rows of `ids`, each cut to its length.
fn texts(inputs: &Tensors) -> Result<Vec<Vec<u32>>> {
    let (all, lengths) = (ids(&values(inputs, "ids")?), ids(&values(inputs, "lengths")?));
    let longest = all.len() / lengths.len().max(1);
    Ok(all.chunks(longest.max(1)).zip(lengths).map(|(row, length)| row[..length as usize].to_vec()).collect())
}

fn save(outputs: &Outputs, path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let bytes: Vec<(&str, Vec<u8>)> = outputs
        .iter()
        .map(|(name, values)| (*name, values.iter().flat_map(|value| value.to_le_bytes()).collect()))
        .collect();
    let views = bytes
        .iter()
        .map(|(name, bytes)| Ok((*name, TensorView::new(Dtype::F32, vec![bytes.len() / 4], bytes)?)))
        .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()?;
    safetensors::serialize_to_file(views, None, path)?;
    Ok(())
}
