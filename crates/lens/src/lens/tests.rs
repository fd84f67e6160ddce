use super::ClassifyBasis;
use crate::{
    Cancel, ErrorKind, Item, Lens, Look, Module, Result, Store,
    evidence::{Fingerprint, Tag},
    llm::Finish,
    prompt::Turn,
    testing::{ColourEmbedder, FakeLlm, FakeModule, plain_look},
};
use std::sync::Arc;

const BLUE: [u8; 3] = [0, 0, 255];

fn tags(text: &str) -> Arc<FakeModule> {
    Arc::new(FakeModule::seeing("tags", vec![Item::Tag(Tag { text: text.into(), ..Tag::default() })]))
}

fn store(folder: &tempfile::TempDir) -> Arc<Store> {
    let store = Store::open(&folder.path().join("evidence.sqlite"), 1 << 20);
    assert!(store.absence().is_none());
    Arc::new(store)
}

#[test]
fn a_question_goes_the_whole_way() {
    let llm = Arc::new(FakeLlm::saying("the sky"));
    let lens = Lens::builder().shared_module(tags("sky")).shared_llm(llm.clone()).build().unwrap();
    let replies = lens.ask(&[plain_look(BLUE).unwrap(), plain_look([9; 3]).unwrap()], "What?").unwrap();
    assert_eq!(replies.len(), 2);
    assert_eq!(replies[0].answer.text, "the sky");
    assert_eq!(replies[0].evidence.modules["tags"].get("model"), Some("fake"));
    assert_ne!(replies[0].evidence.image.sha256, replies[1].evidence.image.sha256);
    assert_eq!(llm.read()[0].text, "Tags: sky\nQuestion: What?\nShort answer:");
}

#[test]
fn a_second_question_runs_no_vision() {
    let (folder, module) = (tempfile::tempdir().unwrap(), tags("sky"));
    let ask = |question: &str| {
        let builder = Lens::builder().shared_module(module.clone()).llm(FakeLlm::saying("x"));
        let lens = builder.store(store(&folder)).build().unwrap();
        lens.ask(&[plain_look(BLUE).unwrap()], question).unwrap().remove(0).evidence
    };
    let (first, second) = (ask("What?"), ask("Where?"));
    assert_eq!(module.looks(), 1);
    assert_eq!(first.canonical_bytes().unwrap(), second.canonical_bytes().unwrap());
    assert!(first.timings.contains_key("tags") && second.timings.is_empty());
}

#[test]
fn modules_are_heard_one_by_one_and_the_store_is_silent() {
    let folder = tempfile::tempdir().unwrap();
    let builder = Lens::builder().shared_module(tags("sky")).module(Echo).store(store(&folder));
    let lens = builder.build().unwrap();
    let look = plain_look(BLUE).unwrap();
    let hear = || {
        let mut heard = Vec::new();
        let looks = std::slice::from_ref(&look);
        lens.see_watching(looks, &mut |index, module, record| {
            heard.push((index, module.to_owned(), record.tags.len(), record.notes.len()));
        })
        .unwrap();
        heard
    };
    assert!(lens.recall(&look.sha256(), None).is_none());
    assert_eq!(hear(), [(0, "tags".to_owned(), 1, 0), (0, "echo".to_owned(), 1, 1)]);
    assert!(hear().is_empty());
    assert_eq!(lens.recall(&look.sha256(), None).unwrap().tags[0].text, "sky");
}

#[test]
fn another_vocabulary_or_another_picture_is_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let see = |module: &Arc<FakeModule>, looks: &[Look]| {
        let lens = Lens::builder().shared_module(module.clone()).store(store(&folder)).build().unwrap();
        lens.see(looks).unwrap()
    };
    let (sky, sea) = (tags("sky"), tags("sea"));
    see(&sky, &[plain_look(BLUE).unwrap()]);
    let changed = see(&sea, &[plain_look(BLUE).unwrap()]);
    assert_eq!((changed[0].tags[0].text.as_str(), sea.looks()), ("sea", 1));
    see(&sky, &[plain_look([1; 3]).unwrap(), plain_look(BLUE).unwrap(), plain_look([2; 3]).unwrap()]);
    assert_eq!(sky.looks(), 3, "only the two new ones");
}

/// Says what it was asked.
struct Echo;

impl Module for Echo {
    fn name(&self) -> &'static str {
        "echo"
    }
    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::new()
    }
    fn reads_question(&self) -> bool {
        true
    }
    fn see(&self, looks: &[Look], sink: &mut dyn FnMut(usize, Item)) -> Result<()> {
        let question = |look: &Look| look.question().unwrap_or_default().to_owned();
        looks.iter().enumerate().for_each(|(i, look)| sink(i, Item::Note(question(look))));
        Ok(())
    }
}

#[test]
fn evidence_that_depends_on_the_question_is_kept_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let lens = Lens::builder().module(Echo).llm(FakeLlm::saying("x")).store(store(&folder)).build().unwrap();
    for question in ["What?", "Where?", "What?"] {
        let reply = lens.ask(&[plain_look(BLUE).unwrap()], question).unwrap().remove(0);
        assert_eq!(reply.evidence.notes[0].text, question);
        assert_eq!(
            lens.recall(&reply.evidence.image.sha256, Some(question)).unwrap().notes,
            reply.evidence.notes
        );
        assert!(lens.recall(&reply.evidence.image.sha256, None).is_none());
    }
}

#[test]
fn a_conversation_keeps_its_turns() {
    let llm = Arc::new(FakeLlm::saying("x"));
    let lens = Lens::builder().shared_module(tags("sky")).shared_llm(llm).build().unwrap();
    let evidence = lens.see(&[plain_look(BLUE).unwrap()]).unwrap();
    let history = [Turn { question: "What?".into(), answer: "sky".into() }];
    let prompt = lens.prompt(&[&evidence[0]], &history, "Where?").unwrap();
    let expected = "Tags: sky\nQuestion: What?\nShort answer: sky\nQuestion: Where?\nShort answer:";
    assert_eq!(prompt.prompt.text, expected);
}

#[test]
fn answers_stream_and_can_be_cancelled() {
    let lens = Lens::builder().llm(FakeLlm::saying("a long answer")).build().unwrap();
    let prompt = lens.prompt(&[], &[], "Why?").unwrap();
    let (mut pieces, cancel) = (Vec::new(), Cancel::new());
    let mut hear = |_: usize, piece: &str| pieces.push(piece.to_owned());
    lens.answer(std::slice::from_ref(&prompt), &mut hear, &cancel).unwrap();
    assert_eq!(pieces.concat(), "a long answer");
    cancel.raise();
    let answers = lens.answer(&[prompt], &mut |_, _| (), &cancel).unwrap();
    assert_eq!(answers[0].finish, Finish::Cancelled);
}

#[test]
fn labels_are_sorted_by_both() {
    let lens = Lens::builder()
        .shared_module(tags("red"))
        .embedder(Arc::new(ColourEmbedder))
        .llm(FakeLlm::saying("a red thing"))
        .build()
        .unwrap();
    let labels = ["green", "red", "blue"].map(str::to_owned);
    let result = lens.classify(&[plain_look(BLUE).unwrap()], &labels, "Which colour?").unwrap().remove(0);
    assert_eq!((result.clip[0].label.as_str(), result.llm[0].label.as_str()), ("blue", "red"));
    assert_eq!(result.basis, ClassifyBasis::Likelihood);
    for list in [&result.clip, &result.llm] {
        assert!((list.iter().map(|score| score.probability).sum::<f64>() - 1.0).abs() < 1e-6);
    }
}

#[test]
fn a_label_stands_in_its_template() {
    let lens = Lens::builder()
        .embedder(Arc::new(ColourEmbedder))
        .llm(FakeLlm::saying("x"))
        .label_template("a blue {}")
        .build()
        .unwrap();
    let labels = ["red", "blue"].map(str::to_owned);
    let clip = lens.classify(&[plain_look(BLUE).unwrap()], &labels, "?").unwrap().remove(0).clip;
    // (0, 0, 1) with (0, 0, 1) and with (1, 0, 1) / sqrt(2).
    assert!((clip[0].score - 1.0).abs() < 1e-6 && (clip[1].score - 0.5_f64.sqrt()).abs() < 1e-6, "{clip:?}");
}

#[test]
fn a_model_without_likelihoods_answers_and_is_matched() {
    let llm = FakeLlm::saying("It is Red.").with_info(|info| info.gives_likelihoods = false);
    let lens = Lens::builder().embedder(Arc::new(ColourEmbedder)).llm(llm).build().unwrap();
    let labels = ["green", "red"].map(str::to_owned);
    let result = lens.classify(&[plain_look(BLUE).unwrap()], &labels, "Which?").unwrap().remove(0);
    assert_eq!(
        (result.basis, result.llm[0].label.as_str(), result.llm[0].score),
        (ClassifyBasis::Match, "red", 1.0)
    );
}

#[test]
fn missing_parts_are_named() {
    let lens = Lens::builder().build().unwrap();
    let error = lens.ask(&[plain_look(BLUE).unwrap()], "What?").unwrap_err();
    assert_eq!((error.kind(), error.thing()), (ErrorKind::Config, "language model"));
    let error = lens.classify(&[], &["x".into()], "?").unwrap_err();
    assert_eq!((error.kind(), error.thing()), (ErrorKind::Config, "CLIP model"));
}
