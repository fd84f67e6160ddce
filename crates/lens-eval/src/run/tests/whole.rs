//! Whole runs with fake models over pictures made here.

use super::place::{Place, files, right};
use crate::{
    Ablation, Choice, Ended, Options, Sweep, System, report,
    run::{Plan, samples_path},
    score::Basis,
};
use lens::{image::Limits, testing::FakeLlm};

#[test]
fn systems_stand_side_by_side() {
    let place = Place::new();
    let systems = vec![System::Lens, System::Clip, System::LlmOnly, System::Swapped];
    let options = Options { sweep: Sweep { systems, ..Sweep::default() }, ..place.options("out") };
    assert!(matches!(place.run(&options).unwrap(), Ended::Whole));
    let lens = place.lines("out", "lens");
    assert_eq!(lens.len(), 9);
    assert_eq!(
        lens[0].arguments,
        ["Tags: blue\nCaptions: a plain wall.\nQuestion: Which colour?\nShort answer:"]
    );
    // The reader finds likely what it reads: the tag. It says "red" to everything.
    assert_eq!((right(&lens, "accuracy"), right(&lens, "accuracy_generation")), (9, 3));
    assert_eq!(right(&place.lines("out", "clip"), "accuracy"), 9);
    let blind = place.lines("out", "llm-only");
    assert_eq!(blind[0].arguments, ["Question: Which colour?\nShort answer:"]);
    assert_eq!(right(&blind, "accuracy"), 3, "all classes are as likely: the first");
    let swapped = place.lines("out", "swapped");
    assert!(right(&swapped, "accuracy") < 5);
    assert_ne!(swapped[0].evidence_id, lens[0].evidence_id);
}

#[test]
fn the_second_model_runs_no_vision() {
    let place = Place::new();
    place.run(&place.options("first")).unwrap();
    assert_eq!(place.looks.looks(), 9);
    let other = || FakeLlm::saying("green").with_info(|info| info.name = "other".to_owned());
    let sweep = Sweep { ablation: Some(Ablation::Subsets), captions: vec![1], ..Sweep::default() };
    place.run_with(&Options { sweep, ..place.options("second") }, other).unwrap();
    assert_eq!(place.looks.looks(), 9);
    let tags = place.lines("second", "lens-tags");
    assert_eq!(tags[0].arguments, ["Tags: blue\nQuestion: Which colour?\nShort answer:"]);
    assert_eq!(
        place.lines("second", "lens-captions")[0].filtered_resps,
        ["blue"],
        "nothing tells them apart"
    );
}

/// A limit of one pixel refuses every picture that is decoded.
#[test]
fn a_run_over_kept_evidence_decodes_no_picture() {
    let place = Place::new();
    let sweep = Sweep {
        systems: vec![System::Lens, System::Clip, System::LlmOnly, System::Swapped],
        shots: vec![0, 1],
        ..Sweep::default()
    };
    place.run(&Options { sweep: sweep.clone(), ..place.options("first") }).unwrap();
    let blind = Limits { pixels: 1, ..Limits::default() };
    let options = Options { sweep, limits: blind, ..place.options("second") };
    assert!(matches!(place.run(&options).unwrap(), Ended::Whole));
    assert_eq!(files(&place.path("first")), files(&place.path("second")));
    let fresh = Place::new();
    let options = Options { limits: blind, ..fresh.options("out") };
    assert!(matches!(fresh.run(&options).unwrap(), Ended::Broken(_)), "the limit bites");
}

#[test]
fn tags_are_statements_whose_reliability_is_in_the_report() {
    let place = Place::new();
    place.run(&place.options("out")).unwrap();
    let record = report::write(&[&place.path("out")], &place.path("out")).unwrap().remove(0);
    // One tag for each of nine pictures, all true, as sure as softmax of 10 against 0 and 0.
    let bin = record.tasks[0].tags[9];
    assert_eq!((bin.count, bin.accuracy.to_bits()), (9, 1.0f64.to_bits()));
    assert!((bin.confidence - 1.0 / (1.0 + 2.0 * (-10f64).exp())).abs() < 0.01, "{bin:?}");
    let report = fs_err::read_to_string(place.path("out/report.md")).unwrap();
    assert!(report.contains("| tags, each listed one |"), "{report}");
    assert!(place.path("out/plot_colours_reliability_tags.svg").is_file());
    let summary = fs_err::read_to_string(place.path("out/summary.md")).unwrap();
    assert!(summary.contains("| lens | 100.0 [100.0, 100.0] |"), "{summary}");
}

#[test]
fn demonstrations_are_blocks_with_their_answer_and_the_nearest_stands_last() {
    let place = Place::new();
    let sweep = Sweep { shots: vec![0, 1, 3], ..Sweep::default() };
    place.run(&Options { sweep, ..place.options("out") }).unwrap();
    let one = &place.lines("out", "lens-shots-1-rices")[0];
    assert_eq!(
        one.arguments,
        ["Tags: blue\nCaptions: a plain wall.\nQuestion: Which colour?\nShort answer: blue\n\n\
          Tags: blue\nCaptions: a plain wall.\nQuestion: Which colour?\nShort answer:"]
    );
    let three = &place.lines("out", "lens-shots-3-rices")[0];
    assert_eq!(three.demonstrations.last(), one.demonstrations.last());
    assert!(three.demonstrations.iter().all(|id| id.starts_with("blue/")), "{:?}", three.demonstrations);
}

#[test]
fn demonstrations_that_do_not_fit_are_left_out() {
    let place = Place::new();
    let sweep = Sweep { shots: vec![3], choice: Choice::Random, ..Sweep::default() };
    // A block of this prompt has 12 words.
    let small = || FakeLlm::saying("red").with_info(|info| info.context_tokens = 40);
    place.run_with(&Options { sweep, ..place.options("out") }, small).unwrap();
    for line in place.lines("out", "lens-shots-3-random") {
        assert_eq!((line.demonstrations.len(), line.dropped.len()), (2, 1), "{line:?}");
    }
}

#[test]
fn a_model_without_likelihoods_answers_freely_and_the_lines_say_so() {
    let place = Place::new();
    let plain = || FakeLlm::saying("It is green.").with_info(|info| info.gives_likelihoods = false);
    place.run_with(&place.options("out"), plain).unwrap();
    let lines = place.lines("out", "lens");
    assert!(lines.iter().all(|line| line.basis == Some(Basis::Generation)));
    assert_eq!(right(&lines, "accuracy"), 3);
    assert!(!Plan::read(&place.path("out")).unwrap().tasks[0].gives_likelihoods);
}

#[test]
fn a_run_cut_anywhere_ends_with_the_same_bytes() {
    let place = Place::new();
    let systems = vec![System::Lens, System::Clip];
    let options =
        |out| Options { sweep: Sweep { systems: systems.clone(), ..Sweep::default() }, ..place.options(out) };
    place.run(&options("whole")).unwrap();
    report::write(&[&place.path("whole")], &place.path("whole")).unwrap();
    let whole = files(&place.path("whole"));
    let samples = samples_path(&place.path("cut"), "colours", "lens");
    for cut in [0, 1, 100, 2000, 5000] {
        place.run(&options("cut")).unwrap();
        let bytes = fs_err::read(&samples).unwrap();
        fs_err::write(&samples, &bytes[..bytes.len().saturating_sub(cut)]).unwrap();
        fs_err::remove_file(samples_path(&place.path("cut"), "colours", "clip")).unwrap();
        place.run(&options("cut")).unwrap();
        report::write(&[&place.path("cut")], &place.path("cut")).unwrap();
        assert!(files(&place.path("cut")) == whole, "cut by {cut}");
    }
}

#[test]
fn another_run_does_not_go_into_the_same_folder() {
    let place = Place::new();
    place.run(&place.options("out")).unwrap();
    let error = place.run(&Options { seed: 1, ..place.options("out") }).unwrap_err();
    assert!(error.advice().unwrap().contains("--out"), "{error}");
}

#[test]
fn a_smaller_limit_is_a_part_of_a_larger_one() {
    let place = Place::new();
    let ids = |limit, out| -> Vec<String> {
        place.run(&Options { limit: Some(limit), ..place.options(out) }).unwrap();
        place.lines(out, "lens").into_iter().map(|line| line.doc_id).collect()
    };
    let (three, six) = (ids(3, "three"), ids(6, "six"));
    assert_eq!((three.len(), six.len()), (3, 6));
    assert!(three.iter().all(|id| six.contains(id)));
}

#[test]
fn broken_samples_are_rows_and_too_many_fail_the_run_at_its_end() {
    let place = Place::new();
    fs_err::write(place.path("data/test/red/broken.png"), b"\x89PNG\r\n\x1a\nnothing").unwrap();
    let sweep = Sweep { systems: vec![System::Lens, System::Clip], ..Sweep::default() };
    let Ended::Broken(error) = place.run(&Options { sweep, ..place.options("strict") }).unwrap() else {
        panic!("one of ten is too much");
    };
    assert_eq!(error.finding(), Some("1 of 10"));
    assert_eq!(place.lines("strict", "clip").len(), 10, "the other systems ran, too");
    assert_eq!(place.lines("strict", "lens").len(), 10, "all the same, every sample was asked");
    let options = Options { max_broken: 0.2, ..place.options("mild") };
    place.run(&options).unwrap();
    report::write(&[&place.path("mild")], &place.path("mild")).unwrap();
    let report = fs_err::read_to_string(place.path("mild/report.md")).unwrap();
    assert!(report.contains("unreadable image | lens | 1 | red/broken.png"), "{report}");
    assert!(report.contains("9 of 10"));
}
