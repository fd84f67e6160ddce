//! The captioner: picture tower, decoder, captions and likelihoods.

use super::{
    generation::{Run, Scored, assert_run, assert_scores, assert_varied, logits_after, stepwise_logits},
    golden::{Golden, assert_close, cpu},
};
use lens_nn::{backend::cpu::Cpu, blip::Blip, tokenizer::Tokenizer};
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Captions {
    prompt: String,
    pub(crate) prompt_ids: Vec<u32>,
    forced_lengths: Vec<usize>,
    runs: Vec<Run>,
    scored: Vec<Scored>,
    /// Texts of the first run's captions.
    texts: Vec<String>,
}

fn load() -> (Golden, Captions, Blip<Cpu>) {
    let golden = Golden::new("blip");
    let model = Blip::load(&golden.checkpoint(), cpu(1)).unwrap();
    let captions = golden.json("golden.json");
    (golden, captions, model)
}

#[test]
fn picture_states_equal_the_reference() {
    let (golden, _, model) = load();
    let found = model.image_states(&golden.expected("pixels").values).unwrap();
    assert_close("vision states", &found, &golden.expected("vision_states").values);
}

#[test]
fn logits_equal_the_reference_token_by_token_and_at_once() {
    let (golden, captions, model) = load();
    let pictures = model.see(&golden.expected("pixels").values).unwrap();
    let logits = golden.expected("logits");
    let [rows, positions, vocabulary] = logits.shape[..] else { panic!("{:?}", logits.shape) };
    let found =
        stepwise_logits(&mut model.captions(&pictures), &golden.ids("forced_ids", &vec![positions; rows]));
    let at_once =
        logits_after(&mut model.captions(&pictures), &golden.ids("forced_ids", &captions.forced_lengths));
    for (row, &length) in captions.forced_lengths.iter().enumerate() {
        let expected = &logits.values[row * positions * vocabulary..][..length * vocabulary];
        assert_close("logits", &found[row][..length * vocabulary], expected);
        let last = &expected[(length - 1) * vocabulary..];
        assert_close("last logits", &at_once[row * vocabulary..][..vocabulary], last);
    }
}

#[test]
fn captions_equal_the_reference() {
    let (golden, captions, model) = load();
    let pictures = model.see(&golden.expected("generation_pixels").values).unwrap();
    assert_varied(&captions.runs);
    for run in &captions.runs {
        assert_run(&mut model.captions(&pictures), &captions.prompt_ids, run, model.tokens().sep);
    }
}

#[test]
fn likelihoods_equal_the_reference() {
    let (golden, captions, model) = load();
    let pictures = model.see(&golden.expected("pixels").values).unwrap();
    let prompts = vec![vec![model.tokens().bos]; captions.scored.len()];
    assert_scores(|| model.captions(&pictures), &prompts, &captions.scored);
}

#[test]
fn prompt_and_captions_pass_through_the_tokenizer() {
    let (golden, captions, model) = load();
    let tokenizer = Tokenizer::from_checkpoint(&golden.checkpoint()).unwrap();
    let tokenized = tokenizer.encode(&captions.prompt).unwrap();
    assert_eq!(model.tokens().prompt(&tokenized), captions.prompt_ids);
    for (item, text) in captions.runs[0].outputs.iter().zip(&captions.texts) {
        assert_eq!(&tokenizer.decode(&item[0].ids).unwrap(), text);
    }
}
