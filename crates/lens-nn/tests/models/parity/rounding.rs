//! What bf16 and int8 cost, with every set of instructions, beside what they cost the reference on the same weights and
//! inputs (`golden/rounding.json`, where `reference/rounding.py` says how).

use super::{
    clip::{self, CLIPS},
    generation::stepwise_logits,
    golden::{Golden, machines},
    t5::{Answers, T5S},
};
use lens_nn::{
    backend::cpu::{Cpu, Precision},
    blip::Blip,
    clip::Clip,
    t5::T5,
};
use std::{collections::BTreeMap, sync::Arc};

/// How far LENS may be off, over how far the reference is.
const ALLOWED: f64 = 1.1;
/// Pictures or texts that each model sees.
const DRAWN: usize = 24;

/// Outputs of a model by name.
type Outputs = [(&'static str, Vec<f32>); 2];
/// By model, precision and output.
type Errors = BTreeMap<String, BTreeMap<String, BTreeMap<String, f64>>>;

/// Whole numbers of 32 bits, as `rounding.py` draws them.
fn draw(index: usize) -> u32 {
    let index = index as u64;
    index.wrapping_mul(index).wrapping_mul(2_654_435_761) as u32
}

/// Pictures of the sizes of those in the golden.
fn pictures(golden: &Golden) -> Vec<f32> {
    let shape = golden.expected("pixels").shape;
    let values = DRAWN * shape[1..].iter().product::<usize>();
    (0..values).map(|index| (f64::from(draw(index)) / 2.0f64.powi(32) * 5.2 - 2.6) as f32).collect()
}

/// Texts like `first`, with other words.
fn texts(first: &[u32]) -> Vec<Vec<u32>> {
    let length = first.len();
    let word = |row: usize, column: usize| match column {
        0 => first[0],
        _ if column + 1 == length => first[column],
        _ => 3 + (draw(row * length + column) >> 16) % 140,
    };
    (0..DRAWN).map(|row| (0..length).map(|column| word(row, column)).collect()).collect()
}

fn outputs(name: &str, cpu: Arc<Cpu>) -> Outputs {
    let golden = Golden::new(name);
    if CLIPS.contains(&name) {
        clip_features(&golden, cpu)
    } else if T5S.contains(&name) {
        t5_outputs(&golden, cpu)
    } else {
        blip_outputs(&golden, cpu)
    }
}

fn clip_features(golden: &Golden, cpu: Arc<Cpu>) -> Outputs {
    let model = Clip::load(&golden.checkpoint(), cpu).unwrap();
    let images = model.image_features(&pictures(golden)).unwrap();
    let texts = texts(&clip::texts(golden)[0]);
    [("image_features", images), ("text_features", model.text_features(&texts).unwrap())]
}

fn blip_outputs(golden: &Golden, cpu: Arc<Cpu>) -> Outputs {
    let model = Blip::load(&golden.checkpoint(), cpu).unwrap();
    let pixels = pictures(golden);
    let seen = model.see(&pixels).unwrap();
    let logits = stepwise_logits(&mut model.captions(&seen), &forced(golden)).concat();
    [("vision_states", model.image_states(&pixels).unwrap()), ("logits", logits)]
}

fn t5_outputs(golden: &Golden, cpu: Arc<Cpu>) -> Outputs {
    let model = T5::load(&golden.checkpoint(), cpu).unwrap();
    let Answers { lengths, .. } = golden.json("golden.json");
    let texts = texts(&golden.ids("ids", &lengths)[0]);
    let encoded = model.encode(&texts).unwrap();
    let logits = stepwise_logits(&mut model.answers(&encoded), &forced(golden)).concat();
    [("encoder_states", model.text_states(&texts).unwrap()), ("logits", logits)]
}

/// What the decoder is fed in turn, padding with the rest, as the reference is.
fn forced(golden: &Golden) -> Vec<Vec<u32>> {
    let shape = golden.expected("forced_ids").shape;
    golden.ids("forced_ids", &vec![shape[1]; shape[0]]).into_iter().cycle().take(DRAWN).collect()
}

/// Root mean square of the difference over that of what is exact.
fn error(found: &[f32], exact: &[f32]) -> f64 {
    assert_eq!(found.len(), exact.len());
    let squares = |values: &mut dyn Iterator<Item = f32>| values.map(|x| f64::from(x).powi(2)).sum::<f64>();
    let difference = squares(&mut found.iter().zip(exact).map(|(a, b)| a - b));
    (difference / squares(&mut exact.iter().copied())).sqrt()
}

#[test]
fn bf16_and_int8_cost_no_more_than_they_cost_the_reference() {
    let theirs: Errors = Golden::new("").json("rounding.json");
    let names: Vec<&str> = CLIPS.into_iter().chain(T5S).chain(["blip"]).collect();
    assert!(names.iter().all(|name| theirs.contains_key(*name)) && names.len() == theirs.len());
    for (name, precisions) in &theirs {
        let machines: Vec<_> = machines(1).collect();
        for ways in machines.chunks_exact(3) {
            let [(_, f32), (bf16_name, bf16), (int8_name, int8)] = ways else { unreachable!("three each") };
            assert_eq!((f32.precision(), int8.precision()), (Precision::F32, Precision::Int8));
            let exact = outputs(name, Arc::clone(f32));
            for (precision, machine, cpu) in [("bf16", bf16_name, bf16), ("int8", int8_name, int8)] {
                let Some(theirs) = precisions.get(precision) else { continue };
                for ((output, found), (_, exact)) in outputs(name, Arc::clone(cpu)).iter().zip(&exact) {
                    let (ours, theirs) = (error(found, exact), theirs[*output]);
                    let what = format!("{name}, {output}, {machine}");
                    assert!(ours <= ALLOWED * theirs, "{what}: {ours:.4} against {theirs:.4}");
                    // A layer in f32 by mistake would pass everything above.
                    assert!(ours > 0.1 * theirs, "{what}: {ours:.1e} is nearly exact");
                }
            }
        }
    }
}
