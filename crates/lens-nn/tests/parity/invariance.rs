//! Bit for bit, a result depends on neither what else is in the batch nor the number of threads.

use crate::{
    blip,
    clip::{self, CLIPS},
    generation::stepwise_logits,
    golden::Golden,
    t5::{self, T5S},
};

/// `rows` repeated until there are at least eight.
fn eight<T: Clone>(rows: &[T]) -> Vec<T> {
    rows.iter().cycle().take(rows.len().max(8)).cloned().collect()
}

#[test]
fn clip_features_do_not_depend_on_the_batch_or_the_threads() {
    for name in CLIPS {
        let golden = Golden::new(name);
        let (one, two) = (clip::load(&golden, 1), clip::load(&golden, 2));
        let pixels = golden.expected("pixels");
        let pictures: Vec<&[f32]> =
            pixels.values.chunks_exact(pixels.values.len() / pixels.shape[0]).collect();
        let alone: Vec<f32> = eight(&pictures).iter().flat_map(|p| one.image_features(p).unwrap()).collect();
        let batch = eight(&pictures).concat();
        assert_eq!(one.image_features(&batch).unwrap(), alone, "{name}: pictures in a batch");
        assert_eq!(two.image_features(&batch).unwrap(), alone, "{name}: pictures on two threads");

        let texts = eight(&clip::texts(&golden));
        let alone: Vec<f32> =
            texts.iter().flat_map(|text| one.text_features(std::slice::from_ref(text)).unwrap()).collect();
        assert_eq!(one.text_features(&texts).unwrap(), alone, "{name}: texts in a batch");
        assert_eq!(two.text_features(&texts).unwrap(), alone, "{name}: texts on two threads");
    }
}

#[test]
fn caption_logits_do_not_depend_on_the_batch_or_the_threads() {
    let (golden, captions, one) = blip::load(1);
    let (_, _, two) = blip::load(2);
    let pixels = golden.expected("generation_pixels");
    let pictures: Vec<&[f32]> = pixels.values.chunks_exact(pixels.values.len() / pixels.shape[0]).collect();
    let pictures = eight(&pictures);
    let prompt = &captions.prompt_ids;
    let logits = |model: &lens_nn::blip::Blip<_>, pixels: &[f32], rows: usize| {
        let seen = model.see(pixels).unwrap();
        stepwise_logits(&mut model.captions(&seen), &vec![prompt.clone(); rows])
    };
    let alone: Vec<_> = pictures.iter().flat_map(|picture| logits(&one, picture, 1)).collect();
    assert_eq!(logits(&one, &pictures.concat(), 8), alone, "in a batch");
    assert_eq!(logits(&two, &pictures.concat(), 8), alone, "on two threads");
}

#[test]
fn answer_logits_do_not_depend_on_the_batch_or_the_threads() {
    for name in T5S {
        let (golden, answers, one) = t5::load(name, 1);
        let (_, _, two) = t5::load(name, 2);
        let texts = eight(&golden.ids("ids", &answers.lengths));
        let forced = vec![one.start_token(), 9, 4, 11, 30, 2, 5];
        let logits = |model: &lens_nn::t5::T5<_>, texts: &[Vec<u32>]| {
            let encoded = model.encode(texts).unwrap();
            stepwise_logits(&mut model.answers(&encoded), &vec![forced.clone(); texts.len()])
        };
        let alone: Vec<_> = texts.iter().flat_map(|text| logits(&one, std::slice::from_ref(text))).collect();
        assert_eq!(logits(&one, &texts), alone, "{name}: in a batch");
        assert_eq!(logits(&two, &texts), alone, "{name}: on two threads");
    }
}
