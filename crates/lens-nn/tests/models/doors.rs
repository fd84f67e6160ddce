//! Each model from a picture or a text to its output, through the public doors alone: how a program uses this crate.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use lens_nn::{
    backend::cpu::{Cpu, CpuOptions},
    blip::Blip,
    clip::{Clip, normalize},
    generate::{BeamOptions, Lengths, Search, Strategy, generate},
    preprocess::{Convention, Preprocess, RgbView},
    t5::T5,
    tokenizer::Tokenizer,
    weights::Checkpoint,
};
use std::{path::Path, sync::Arc};

fn checkpoint(name: &str) -> Checkpoint {
    Checkpoint::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden").join(name)).unwrap()
}

fn cpu() -> Arc<Cpu> {
    Arc::new(Cpu::new(CpuOptions::default()))
}

/// A picture of 40 x 30 pixels, red from left to right and green from top to bottom.
fn picture() -> Vec<u8> {
    (0..30u8).flat_map(|y| (0..40u8).flat_map(move |x| [6 * x, 8 * y, 90])).collect()
}

const BEAM: Strategy =
    Strategy::Beam(BeamOptions { beams: 3, length_penalty: 1.0, early_stopping: false, returned: 1 });

#[test]
fn clip_compares_a_picture_with_texts() {
    let checkpoint = checkpoint("clip-quick-gelu");
    let clip = Clip::load(&checkpoint, cpu()).unwrap();
    let preprocess = Preprocess::from_checkpoint(&checkpoint, Convention::Clip, clip.image_size()).unwrap();
    let tokenizer = Tokenizer::from_checkpoint(&checkpoint).unwrap();

    let rgb = picture();
    let mut image =
        clip.image_features(&preprocess.pixels(RgbView::new(40, 30, &rgb).unwrap()).unwrap()).unwrap();
    let ids = ["a photo of a dog", "snow covers the roof"]
        .map(|text| tokenizer.encode_within(text, clip.context_length()).unwrap());
    let mut texts = clip.text_features(&ids).unwrap();
    normalize(&mut image, clip.dimension());
    normalize(&mut texts, clip.dimension());

    let cosines: Vec<f32> = texts
        .chunks(clip.dimension())
        .map(|text| text.iter().zip(&image).map(|(a, b)| a * b).sum())
        .collect();
    assert_eq!(cosines.len(), 2);
    assert!(cosines.iter().all(|cosine| cosine.abs() <= 1.0001), "{cosines:?}");
    assert!((cosines[0] - cosines[1]).abs() > 1e-4, "two texts fit a picture differently: {cosines:?}");
}

#[test]
fn blip_writes_a_caption() {
    let checkpoint = checkpoint("blip");
    let blip = Blip::load(&checkpoint, cpu()).unwrap();
    let preprocess = Preprocess::from_checkpoint(&checkpoint, Convention::Blip, blip.image_size()).unwrap();
    let tokenizer = Tokenizer::from_checkpoint(&checkpoint).unwrap();

    let rgb = picture();
    let pictures = blip.see(&preprocess.pixels(RgbView::new(40, 30, &rgb).unwrap()).unwrap()).unwrap();
    let prompt = blip.tokens().prompt(&tokenizer.encode("a picture of").unwrap());
    let lengths = Lengths { min: 8, max: 16 };
    let search = Search { source: 0, strategy: BEAM, lengths, end: blip.tokens().sep };
    let found = generate(&mut blip.captions(&pictures), &[prompt], &[search], &mut ()).unwrap();
    let caption = tokenizer.decode(&found[0][0].tokens).unwrap();
    assert!(caption.split_whitespace().count() >= 2, "{caption:?}");
}

#[test]
fn t5_answers_a_question() {
    let checkpoint = checkpoint("t5-v1.1");
    let t5 = T5::load(&checkpoint, cpu()).unwrap();
    let tokenizer = Tokenizer::from_checkpoint(&checkpoint).unwrap();

    let encoded = t5.encode(&[tokenizer.encode("question: which colour is the train?").unwrap()]).unwrap();
    let lengths = Lengths { min: 4, max: 12 };
    let search = Search { source: 0, strategy: BEAM, lengths, end: t5.end_token() };
    let found = generate(&mut t5.answers(&encoded), &[vec![t5.start_token()]], &[search], &mut ()).unwrap();
    assert!(!tokenizer.decode(&found[0][0].tokens).unwrap().is_empty());
}
