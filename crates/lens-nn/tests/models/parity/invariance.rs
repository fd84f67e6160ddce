//! Bit for bit, a result depends on neither what else is in the batch nor the number of threads, in every precision and
//! with every set of instructions that this machine has.

use super::{
    blip::Captions,
    clip::{self, CLIPS},
    generation::stepwise_logits,
    golden::{Golden, machines},
    t5::{Answers, T5S},
};
use lens_nn::{backend::cpu::Cpu, blip::Blip, clip::Clip, t5::T5};
use std::sync::Arc;

/// `rows` repeated until there are at least eight.
fn eight<T: Clone>(rows: &[T]) -> Vec<T> {
    rows.iter().cycle().take(rows.len().max(8)).cloned().collect()
}

/// Each way to compute, with one thread and with two.
fn pairs() -> impl Iterator<Item = (String, Arc<Cpu>, Arc<Cpu>)> {
    machines(1).zip(machines(2)).map(|((name, one), (_, two))| (name, one, two))
}

#[test]
fn clip_features_do_not_depend_on_the_batch_or_the_threads() {
    for (name, (machine, one, two)) in
        CLIPS.into_iter().flat_map(|name| pairs().map(move |pair| (name, pair)))
    {
        let (golden, what) = (Golden::new(name), format!("{name}, {machine}"));
        let [one, two] = [one, two].map(|cpu| Clip::load(&golden.checkpoint(), cpu).unwrap());
        let pixels = golden.expected("pixels");
        let pictures: Vec<&[f32]> =
            pixels.values.chunks_exact(pixels.values.len() / pixels.shape[0]).collect();
        let alone: Vec<f32> = eight(&pictures).iter().flat_map(|p| one.image_features(p).unwrap()).collect();
        let batch = eight(&pictures).concat();
        assert_eq!(one.image_features(&batch).unwrap(), alone, "{what}: pictures in a batch");
        assert_eq!(two.image_features(&batch).unwrap(), alone, "{what}: pictures on two threads");

        let texts = eight(&clip::texts(&golden));
        let alone: Vec<f32> =
            texts.iter().flat_map(|text| one.text_features(std::slice::from_ref(text)).unwrap()).collect();
        assert_eq!(one.text_features(&texts).unwrap(), alone, "{what}: texts in a batch");
        assert_eq!(two.text_features(&texts).unwrap(), alone, "{what}: texts on two threads");
    }
}

#[test]
fn caption_logits_do_not_depend_on_the_batch_or_the_threads() {
    let golden = Golden::new("blip");
    let Captions { prompt_ids, .. } = golden.json("golden.json");
    let pixels = golden.expected("generation_pixels");
    let pictures: Vec<&[f32]> = pixels.values.chunks_exact(pixels.values.len() / pixels.shape[0]).collect();
    let pictures = eight(&pictures);
    let logits = |model: &Blip<Cpu>, pixels: &[f32], rows: usize| {
        let seen = model.see(pixels).unwrap();
        stepwise_logits(&mut model.captions(&seen), &vec![prompt_ids.clone(); rows])
    };
    for (machine, one, two) in pairs() {
        let [one, two] = [one, two].map(|cpu| Blip::load(&golden.checkpoint(), cpu).unwrap());
        let alone: Vec<_> = pictures.iter().flat_map(|picture| logits(&one, picture, 1)).collect();
        assert_eq!(logits(&one, &pictures.concat(), 8), alone, "{machine}: in a batch");
        assert_eq!(logits(&two, &pictures.concat(), 8), alone, "{machine}: on two threads");
    }
}

#[test]
fn answer_logits_do_not_depend_on_the_batch_or_the_threads() {
    for (name, (machine, one, two)) in T5S.into_iter().flat_map(|name| pairs().map(move |pair| (name, pair)))
    {
        let (golden, what) = (Golden::new(name), format!("{name}, {machine}"));
        let Answers { lengths, .. } = golden.json("golden.json");
        let [one, two] = [one, two].map(|cpu| T5::load(&golden.checkpoint(), cpu).unwrap());
        let texts = eight(&golden.ids("ids", &lengths));
        let forced = vec![one.start_token(), 9, 4, 11, 30, 2, 5];
        let logits = |model: &T5<Cpu>, texts: &[Vec<u32>]| {
            let encoded = model.encode(texts).unwrap();
            stepwise_logits(&mut model.answers(&encoded), &vec![forced.clone(); texts.len()])
        };
        let alone: Vec<_> = texts.iter().flat_map(|text| logits(&one, std::slice::from_ref(text))).collect();
        assert_eq!(logits(&one, &texts), alone, "{what}: in a batch");
        assert_eq!(logits(&two, &texts), alone, "{what}: on two threads");
    }
}
