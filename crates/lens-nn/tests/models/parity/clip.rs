//! Both towers, every activation, both namings, f32, f16 and bf16 files.

use super::golden::{Golden, assert_close, cpu};
use lens_nn::{backend::cpu::Cpu, clip::Clip, tokenizer::Tokenizer};
use serde::Deserialize;

/// Folders of tiny CLIPs.
pub(crate) const CLIPS: [&str; 5] =
    ["clip-quick-gelu", "clip-gelu", "clip-gelu-tanh", "open-clip-gelu", "open-clip-quick-gelu"];

#[derive(Deserialize)]
struct Texts {
    texts: Vec<String>,
    /// Ids up to and with the end token.
    lengths: Vec<usize>,
}

fn load(golden: &Golden) -> Clip<Cpu> {
    Clip::load(&golden.checkpoint(), cpu(1)).unwrap()
}

/// Ids of all texts, without padding.
pub(crate) fn texts(golden: &Golden) -> Vec<Vec<u32>> {
    golden.ids("ids", &golden.json::<Texts>("golden.json").lengths)
}

#[test]
fn image_features_equal_the_reference() {
    for name in CLIPS {
        let golden = Golden::new(name);
        let found = load(&golden).image_features(&golden.expected("pixels").values).unwrap();
        assert_close(name, &found, &golden.expected("image_features").values);
    }
}

#[test]
fn text_features_equal_the_reference_with_and_without_padding() {
    for name in CLIPS {
        let golden = Golden::new(name);
        let model = load(&golden);
        let features = golden.expected("text_features");
        let found = model.text_features(&texts(&golden)).unwrap();
        assert_close(name, &found, &features.values);

        let whole = golden.expected("ids").shape;
        let padded = golden.ids("ids", &vec![whole[1]; whole[0]]);
        assert_eq!(model.text_features(&padded).unwrap(), found, "{name}: padding counts");
    }
}

#[test]
fn texts_become_the_ids_of_the_reference() {
    for name in CLIPS {
        let golden = Golden::new(name);
        let tokenizer = Tokenizer::from_checkpoint(&golden.checkpoint()).unwrap();
        let context = load(&golden).context_length();
        let found: Vec<_> = golden
            .json::<Texts>("golden.json")
            .texts
            .iter()
            .map(|text| tokenizer.encode_within(text, context).unwrap())
            .collect();
        assert_eq!(found, texts(&golden), "{name}");
    }
}
