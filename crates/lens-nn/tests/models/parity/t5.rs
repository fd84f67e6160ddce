//! Encoder, decoder, answers and likelihoods of every T5 that `golden/` holds.

use super::{
    generation::{Run, Scored, assert_run, assert_scores, assert_varied, logits_after, stepwise_logits},
    golden::{Golden, assert_close, cpu},
};
use lens_nn::{
    backend::cpu::{Cpu, CpuOptions, Precision},
    t5::T5,
};
use serde::Deserialize;
use std::sync::Arc;

/// Version 1.0; 1.1 in three shards; a bf16 file that has `shared` only as the stacks' copies and scales its output.
pub(crate) const T5S: [&str; 3] = ["t5-v1.0", "t5-v1.1", "t5-copies"];

#[derive(Deserialize)]
pub(crate) struct Answers {
    pub(crate) lengths: Vec<usize>,
    forced_lengths: Vec<usize>,
    generation_lengths: Vec<usize>,
    runs: Vec<Run>,
    scored: Vec<Scored>,
}

fn load(name: &str) -> (Golden, Answers, T5<Cpu>) {
    let golden = Golden::new(name);
    let model = T5::load(&golden.checkpoint(), cpu(1)).unwrap();
    let answers = golden.json("golden.json");
    (golden, answers, model)
}

#[test]
fn encoder_states_equal_the_reference() {
    for name in T5S {
        let (golden, answers, model) = load(name);
        let states = golden.expected("encoder_states");
        let [_, positions, width] = states.shape[..] else { panic!("{:?}", states.shape) };
        let rows = states.values.chunks_exact(positions * width).zip(&answers.lengths);
        let expected: Vec<f32> = rows.flat_map(|(row, &length)| row[..length * width].to_vec()).collect();
        let found = model.text_states(&golden.ids("ids", &answers.lengths)).unwrap();
        assert_close(name, &found, &expected);
    }
}

#[test]
fn logits_equal_the_reference_token_by_token_and_at_once() {
    for name in T5S {
        let (golden, answers, model) = load(name);
        let encoded = model.encode(&golden.ids("ids", &answers.lengths)).unwrap();
        let logits = golden.expected("logits");
        let [rows, positions, vocabulary] = logits.shape[..] else { panic!("{:?}", logits.shape) };
        let padded = golden.ids("forced_ids", &vec![positions; rows]);
        let found = stepwise_logits(&mut model.answers(&encoded), &padded);
        let cut = golden.ids("forced_ids", &answers.forced_lengths);
        let at_once = logits_after(&mut model.answers(&encoded), &cut);
        for (row, &length) in answers.forced_lengths.iter().enumerate() {
            let expected = &logits.values[row * positions * vocabulary..][..length * vocabulary];
            assert_close(name, &found[row][..length * vocabulary], expected);
            let last = &expected[(length - 1) * vocabulary..];
            assert_close(name, &at_once[row * vocabulary..][..vocabulary], last);
        }
    }
}

#[test]
fn answers_equal_the_reference() {
    for name in T5S {
        let (golden, answers, model) = load(name);
        let encoded = model.encode(&golden.ids("generation_ids", &answers.generation_lengths)).unwrap();
        assert_varied(&answers.runs);
        for run in &answers.runs {
            assert_run(&mut model.answers(&encoded), &[model.start_token()], run, model.end_token());
        }
    }
}

#[test]
fn likelihoods_equal_the_reference() {
    for name in T5S {
        let (golden, answers, model) = load(name);
        let encoded = model.encode(&golden.ids("ids", &answers.lengths)).unwrap();
        let prompts = vec![vec![model.start_token()]; answers.scored.len()];
        assert_scores(|| model.answers(&encoded), &prompts, &answers.scored);
    }
}

#[test]
fn queries_and_keys_that_are_not_scaled_stay_in_bf16() {
    let int8 = Cpu::new(CpuOptions { threads: 1, precision: Precision::Int8 });
    T5::load(&Golden::new("t5-v1.1").checkpoint(), Arc::new(int8.clone())).unwrap();
    let self_attention = |stack: &str, layers: usize| {
        (0..layers)
            .map(move |layer| format!("{stack}.block.{layer}.layer.0.SelfAttention.qkv"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        int8.layers_kept_in_bf16(),
        [self_attention("decoder", 2), self_attention("encoder", 3)].concat()
    );
}
