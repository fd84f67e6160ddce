//! Pictures of three colours, and eyes that see them.

use crate::{
    Ended, Models, Options, Task,
    run::{Line, run, samples_path},
};
use lens::{
    Cancel, Item, Lens, Llm, Result, Store,
    config::Layer,
    evidence::Caption,
    modules::VocabularyModule,
    testing::{ColourEmbedder, FakeLlm, FakeModule},
    vocab::{EmbeddedVocabulary, Vocabulary},
};
use std::{collections::BTreeMap, path::Path, sync::Arc};
use tempfile::TempDir;

const TASK: &str = r#"
name = "colours"
title = "Colours"
version = 1
kind = "classification"
[data]
layout = "folders"
split = "test"
train = "train"
[evidence]
modules = ["tags", "captions"]
tags_are_classes = true
[prompt]
question = "Which colour?"
"#;

/// Pictures of three colours in two splits, a home for evidence, a folder for runs.
pub(super) struct Place {
    folder: TempDir,
    pub(super) store: Arc<Store>,
    pub(super) looks: Arc<FakeModule>,
}

impl Place {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for split in ["test", "train"] {
            for (name, colour) in [("red", [250u8, 0, 0]), ("green", [0, 250, 0]), ("blue", [0, 0, 250])] {
                for number in 0..3u8 {
                    let shade =
                        colour.map(|value| value.saturating_sub(number + u8::from(split == "train") * 10));
                    write_picture(&folder.path().join(format!("data/{split}/{name}/{number}.png")), shade);
                }
            }
        }
        let store = Arc::new(Store::open(&folder.path().join("evidence.sqlite"), 1 << 24));
        let caption = Caption { text: "a plain wall".into(), ..Caption::default() };
        let looks = Arc::new(FakeModule::seeing("captions", vec![Item::Caption(caption)]));
        Self { folder, store, looks }
    }

    pub(super) fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn options(&self, out: &str) -> Options {
        let tasks = vec![Task::parse("colours", TASK).unwrap()];
        Options { batch: 2, max_broken: 0.0, ..Options::new(tasks, self.path("data"), self.path(out)) }
    }

    /// CLIP of three colours, whose tags are the classes; a reader that finds likely what it reads.
    fn lens(&self, layers: &[Layer], llm: impl Llm + 'static) -> Result<Lens> {
        let names_classes = |layer: &Layer| format!("{layer:?}").contains("classes_colours");
        assert!(layers.iter().any(names_classes), "the tags are chosen among the classes");
        let vocabulary = Vocabulary::new("colours", ["blue", "green", "red"])?;
        let embeddings = lens::Embedder::embed_texts(&ColourEmbedder, vocabulary.texts())?;
        let embedded = EmbeddedVocabulary::new(vocabulary, "{}", embeddings, 3)?;
        Lens::builder()
            .embedder(Arc::new(ColourEmbedder))
            .module(VocabularyModule::tags(Arc::new(ColourEmbedder), embedded, 1, -1.0))
            .shared_module(self.looks.clone())
            .llm(llm)
            .store(self.store.clone())
            .build()
    }

    pub(super) fn run_with<L: Llm + 'static>(&self, options: &Options, llm: impl Fn() -> L) -> Result<Ended> {
        let open = |layers: &[Layer]| self.lens(layers, llm());
        let models = Models { open: &open, store: &self.store, vlm: None };
        run(options, &models, &mut |_| (), &Cancel::new())
    }

    pub(super) fn run(&self, options: &Options) -> Result<Ended> {
        self.run_with(options, || FakeLlm::saying("red, I think"))
    }

    pub(super) fn lines(&self, out: &str, condition: &str) -> Vec<Line> {
        let text = fs_err::read_to_string(samples_path(&self.path(out), "colours", condition)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn write_picture(path: &Path, colour: [u8; 3]) {
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    image::RgbImage::from_pixel(4, 4, image::Rgb(colour)).save(path).unwrap();
}

/// All files but the times.
pub(super) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs_err::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let kept = entries.filter(|path| !path.ends_with("times.jsonl"));
    kept.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs_err::read(&path).unwrap()))
        .collect()
}

/// How many of the lines are right.
pub(super) fn right(lines: &[Line], metric: &str) -> usize {
    lines.iter().filter(|line| line.metrics[metric] > 0.5).count()
}
