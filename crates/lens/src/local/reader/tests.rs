//! A tiny T5 with random weights: its words mean nothing, what is done with them does.

use super::{SCORED, T5Reader};
use crate::{Cancel, Decoding, Llm, Prompt, llm::Finish};
use lens_nn::{
    backend::cpu::{Cpu, CpuOptions},
    weights::Checkpoint,
};
use std::{path::Path, sync::Arc};

fn reader() -> T5Reader {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/t5-v1.1");
    let checkpoint = Checkpoint::open(&folder).unwrap();
    T5Reader::load("tiny", &checkpoint, Arc::new(Cpu::new(CpuOptions::default()))).unwrap()
}

fn prompts() -> Vec<Prompt> {
    ["Question: who?\nShort answer:", "the sea and the shore", "a"].map(Prompt::new).to_vec()
}

fn answers(decoding: &Decoding, prompts: &[Prompt]) -> (Vec<crate::Answer>, Vec<Vec<String>>) {
    let mut pieces = vec![Vec::new(); prompts.len()];
    let mut hear = |index: usize, piece: &str| pieces[index].push(piece.to_owned());
    let answers = reader().answer(prompts, decoding, &mut hear, &Cancel::new()).unwrap();
    (answers, pieces)
}

#[test]
fn pieces_join_to_the_answer() {
    let drawn = Decoding { temperature: 1.0, seed: 3, ..Decoding::default() };
    for decoding in [Decoding::greedy(), Decoding::default(), drawn] {
        let (answers, pieces) = answers(&decoding, &prompts());
        for (answer, pieces) in answers.iter().zip(&pieces) {
            assert_eq!(pieces.concat(), answer.text, "{decoding:?}");
            assert!(answer.log_prob.unwrap() < 0.0);
        }
    }
    let (_, pieces) = self::answers(&Decoding::greedy(), &prompts());
    assert!(pieces[0].len() > 1, "a greedy answer streams: {pieces:?}");
}

#[test]
fn an_answer_does_not_depend_on_what_is_asked_beside_it() {
    let drawn = Decoding { temperature: 0.9, seed: 1, ..Decoding::default() };
    for decoding in [Decoding::greedy(), Decoding::default(), drawn] {
        let (together, _) = answers(&decoding, &prompts());
        for (prompt, expected) in prompts().iter().zip(&together) {
            assert_eq!(&answers(&decoding, std::slice::from_ref(prompt)).0[0], expected);
        }
    }
}

#[test]
fn an_answer_ends_where_it_must() {
    let short = Decoding { max_new_tokens: Some(2), ..Decoding::greedy() };
    let (answers, _) = answers(&short, &prompts());
    for answer in answers {
        let expected = if answer.finish == Finish::Stop { 1..=2 } else { 2..=2 };
        assert!(
            expected.contains(&answer.tokens.unwrap()) && answer.finish != Finish::Cancelled,
            "{answer:?}"
        );
    }
    let cancel = Cancel::new();
    let stop = cancel.clone();
    let answers =
        reader().answer(&prompts()[..1], &Decoding::greedy(), &mut |_, _| stop.raise(), &cancel).unwrap();
    assert_eq!(answers[0].finish, Finish::Cancelled);
    assert!(answers[0].tokens.unwrap() < 32);
}

/// What an answer's log-probability says of it, scoring says too.
#[test]
fn scoring_agrees_with_answering() {
    let (greedy, _) = answers(&Decoding::default(), &prompts());
    let reader = reader();
    for (prompt, answer) in prompts().iter().zip(greedy).filter(|(_, answer)| answer.finish == Finish::Stop) {
        let retokenized = reader.count_tokens(&answer.text) == answer.tokens.unwrap();
        let scores = reader.score(prompt, &[&answer.text, "the the the the the"]).unwrap().unwrap();
        if retokenized {
            assert!((scores[0] - answer.log_prob.unwrap()).abs() < 1e-3, "{answer:?} {scores:?}");
        }
        assert!(scores.iter().all(|score| *score < 0.0));
    }
    assert_eq!(reader.score(&prompts()[0], &[]).unwrap(), Some(vec![]));
}

/// Prompts and continuations of unequal length and number, and more of them than are scored in the same steps.
#[test]
fn scores_do_not_depend_on_what_is_scored_beside_them() {
    let reader = reader();
    let words = ["sea", "shore", "the sea", "the shore", "who", "a", "the sea and the shore", "question"];
    let many: Vec<String> = (0..SCORED / 2).map(|n| format!("{} {n}", words[n % words.len()])).collect();
    let prompts = prompts();
    let asked: Vec<(&Prompt, Vec<&str>)> = vec![
        (&prompts[0], words.to_vec()),
        (&prompts[1], vec![]),
        (&prompts[2], words[..3].to_vec()),
        (&prompts[1], many.iter().map(String::as_str).collect()),
        (&prompts[0], many.iter().rev().map(String::as_str).collect()),
        (&prompts[2], words[4..].to_vec()),
    ];
    let together = reader.score_each(&asked).unwrap().unwrap();
    assert_eq!(together.len(), asked.len());
    for ((prompt, continuations), together) in asked.iter().zip(together) {
        let alone = reader.score(prompt, continuations).unwrap().unwrap();
        let bits = |scores: Vec<f64>| scores.into_iter().map(f64::to_bits).collect::<Vec<_>>();
        assert_eq!(bits(together), bits(alone), "{prompt:?}");
    }
}

#[test]
fn one_reading_answers_and_scores_as_two_do() {
    let reader = reader();
    let prompts = prompts();
    let words = ["sea", "the shore"];
    let asked: Vec<(&Prompt, Vec<&str>)> = prompts
        .iter()
        .zip([&words[..], &[], &words[..1]])
        .map(|(prompt, words)| (prompt, words.to_vec()))
        .collect();
    let decoding = Decoding::default();
    let both = reader.answer_and_score(&asked, &decoding, &Cancel::new()).unwrap();
    assert_eq!(both.answers, answers(&decoding, &prompts).0);
    assert_eq!(both.scores, reader.score_each(&asked).unwrap());
}
