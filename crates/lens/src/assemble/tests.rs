//! The real models inside the program, from settings to evidence.
#![cfg(feature = "nano")]

use super::{Assembler, Step};
use crate::{
    Config, Evidence, Home, Lens, Look, Picture,
    config::Layer,
    evidence::CaptionKind,
    hub::{Hub, HubOptions},
    image::Limits,
    preset::Role,
};
use std::{ops::ControlFlow, path::Path};

struct Machine {
    home: Home,
    hub: Hub,
    config: Config,
    _folder: tempfile::TempDir,
}

impl Machine {
    fn new(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let mut options = HubOptions::from_environment(&home);
        options.offline = true;
        let layers = [Layer::toml("test", settings).unwrap()];
        Self { hub: Hub::new(options), config: Config::from_layers(&layers).unwrap(), home, _folder: folder }
    }

    fn eyes(&self, watch: &mut dyn FnMut(Step<'_>) -> ControlFlow<()>) -> Lens {
        Assembler::new(&self.config, &self.home, &self.hub).unwrap().eyes(watch).unwrap()
    }
}

fn example(name: &str) -> Look {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
    Look::new(Picture::decode(&fs_err::read(path).unwrap(), &Limits::default()).unwrap())
}

fn silent(_: Step<'_>) -> ControlFlow<()> {
    panic!("nano neither downloads nor embeds")
}

const FEW: &str = "captions.count = 3\ncaptions.max_length = 16\nprecision = \"f32\"";

#[test]
fn nano_sees_offline() {
    let machine = Machine::new(FEW);
    let lens = machine.eyes(&mut silent);
    let record = lens.see(&[example("contradicting-colours.png")]).unwrap().remove(0);
    assert!((1..=5).contains(&record.tags.len()), "{record:?}");
    assert!(record.tags.is_sorted_by(|a, b| a.cosine >= b.cosine));
    assert!(
        record
            .tags
            .iter()
            .chain(&record.attributes)
            .all(|tag| tag.cosine >= 0.2 || tag.cosine >= machine.config.tags.threshold)
    );
    assert_eq!(record.captions[0].kind, CaptionKind::Beam);
    assert_eq!(record.captions.iter().map(|caption| caption.count).sum::<usize>(), 4);
    assert!(
        record.captions.iter().all(|caption| caption.clip_similarity.is_some() && caption.log_prob < 0.0)
    );
    assert!(!record.captions[0].text.starts_with("a picture of"));
}

#[test]
fn a_view_is_what_an_encoder_takes() {
    let machine = Machine::new(FEW);
    let (lens, look) = (machine.eyes(&mut silent), example("sign-turned.jpg"));
    let view = |name: &str| {
        let module = lens.modules().find(|module| module.name() == name).unwrap();
        module.view(look.picture()).unwrap()
    };
    let (tags, captions) = (view("tags").unwrap(), view("captions").unwrap());
    assert_eq!(view("attributes"), Some(tags.clone()), "one encoder, one view");
    for square in [&tags, &captions] {
        assert_eq!(square.width(), square.height());
        assert_eq!(
            Picture::decode(&square.to_png().unwrap(), &Limits::default()).unwrap().rgb(),
            square.rgb()
        );
    }
    assert_eq!(view("ocr"), None, "words are read in the picture itself");
}

#[test]
fn without_an_ocr_model_the_evidence_says_so() {
    let mut machine = Machine::new("");
    let preset = machine.home.root().join("no-ocr.toml");
    fs_err::write(&preset, "about = 'CLIP alone'\n[parts.clip]\nembedded = true").unwrap();
    machine.config.preset = preset.display().to_string();
    let record = machine.eyes(&mut silent).see(&[example("page.png")]).unwrap().remove(0);
    assert_eq!((record.notes.len(), record.notes[0].module.as_str()), (1, "ocr"));
    assert!(record.ocr.is_empty() && record.modules["ocr"].get("absent").is_some());
}

/// DESIGN invariant 4: a batch, an order, and the number of threads change nothing.
#[test]
fn evidence_does_not_depend_on_batch_order_or_threads() {
    let canonical = |record: &Evidence| String::from_utf8(record.canonical_bytes().unwrap()).unwrap();
    let names = ["contradicting-colours.png", "shapes.png", "sign-turned.jpg"];
    let see = |settings: &str, names: &[&str]| -> Vec<String> {
        let machine = Machine::new(&format!("{FEW}\nstore.enabled = false\n{settings}"));
        let looks: Vec<Look> = names.iter().map(|name| example(name)).collect();
        machine.eyes(&mut silent).see(&looks).unwrap().iter().map(canonical).collect()
    };
    let together = see("threads = 2", &names);
    for (name, expected) in names.iter().zip(&together) {
        assert_eq!(&see("threads = 1", &[name])[0], expected, "{name}");
    }
    let backwards: Vec<&str> = names.into_iter().rev().collect();
    assert!(see("threads = 2", &backwards).iter().rev().eq(&together));
}

#[test]
fn a_vocabulary_of_ones_own_is_embedded_once() {
    let machine = Machine::new(FEW);
    let mut config = machine.config.clone();
    let file = machine.home.root().join("mine.txt");
    fs_err::write(&file, "circle\nsquare\nletter\n").unwrap();
    config.tags.vocabulary = Some(file.display().to_string());
    config.tags.threshold = -1.0;
    config.captions.enabled = false;
    config.attributes.enabled = false;
    let mut steps = Vec::new();
    for _ in 0..2 {
        let assembler = Assembler::new(&config, &machine.home, &machine.hub).unwrap();
        let mut watch = |step: Step<'_>| {
            if let Step::Embedding { role, done, total } = step {
                steps.push((role, done, total));
            }
            ControlFlow::Continue(())
        };
        let record = assembler.eyes(&mut watch).unwrap().see(&[example("shapes.png")]).unwrap().remove(0);
        assert_eq!(record.tags.len(), 3);
        assert!(record.captions.is_empty() && record.attributes.is_empty());
    }
    assert_eq!(steps, [(Role::Tags, 0, 3), (Role::Tags, 3, 3)]);
}
