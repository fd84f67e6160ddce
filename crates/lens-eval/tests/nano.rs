//! Close-ended scoring with the real reader inside the program.

#![expect(clippy::unwrap_used, reason = "what a helper of a test cannot do ends the test")]

use lens::{
    Home, Lens, Prompt,
    assemble::Assembler,
    config::Config,
    hub::{Hub, HubOptions},
};
use lens_eval::score::likelihoods;
use std::ops::ControlFlow;

const CLASSES: [&str; 12] = [
    "cat",
    "dog",
    "sea horse",
    "sea snake",
    "polar bear",
    "brown bear",
    "bear",
    "car",
    "car wheel",
    "red square",
    "red circle",
    "a red square on a white background",
];

fn reader() -> Lens {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    let config = Config::from_layers(&[]).unwrap();
    let hub = Hub::new(HubOptions::from_environment(&home));
    let assembler = Assembler::new(&config, &home, &hub).unwrap();
    assembler.reader(&mut |_| ControlFlow::Continue(())).unwrap()
}

#[test]
fn classes_along_the_trie_score_as_they_do_alone() {
    let lens = reader();
    let llm = lens.reader().unwrap();
    let prompt = Prompt::new("Tags: bear, snow\nQuestion: What is in the picture?\nShort answer:");
    let together = likelihoods(llm, &[(&prompt, CLASSES.to_vec())]).unwrap().unwrap().remove(0);
    let normalised = together.normalised.unwrap();
    for (place, class) in CLASSES.iter().enumerate() {
        let alone = likelihoods(llm, &[(&prompt, vec![*class])]).unwrap().unwrap().remove(0);
        assert!((alone.plain[0] - together.plain[place]).abs() < 1e-6, "{class}");
        let tokens = llm.count_tokens(class) as f64;
        assert!((normalised[place] * tokens - alone.plain[0]).abs() < 1e-6, "{class}");
    }
}

/// Samples are scored in batches: what stands beside a sample must not reach its last bit.
#[test]
fn several_prompts_score_as_they_do_alone() {
    let lens = reader();
    let llm = lens.reader().unwrap();
    let prompts =
        ["Tags: bear, snow", "Tags: dog", "Captions: a red car on a street. a car. two men beside a car"]
            .map(|evidence| {
                Prompt::new(format!("{evidence}\nQuestion: What is in the picture?\nShort answer:"))
            });
    let asked: Vec<_> = prompts.iter().map(|prompt| (prompt, CLASSES.to_vec())).collect();
    let together = likelihoods(llm, &asked).unwrap().unwrap();
    for (asked, together) in asked.iter().zip(&together) {
        let alone = likelihoods(llm, std::slice::from_ref(asked)).unwrap().unwrap();
        assert_eq!(alone[0], *together, "{:?}", asked.0);
    }
    assert!(together[0].plain != together[1].plain, "the prompt counts");
}
