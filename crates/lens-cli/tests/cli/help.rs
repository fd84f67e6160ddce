//! Help, usage errors, completions, manual pages.

use crate::place::{Place, stdout};
use insta::assert_snapshot;

/// Every command with a help page.
const COMMANDS: [&str; 30] = [
    "",
    "ask",
    "see",
    "classify",
    "chat",
    "serve",
    "mcp",
    "models",
    "models list",
    "models pull",
    "models verify",
    "models path",
    "models rm",
    "vocab",
    "vocab build",
    "vocab show",
    "vocab describe",
    "cache",
    "cache stats",
    "cache clear",
    "eval",
    "eval run",
    "eval list",
    "eval show",
    "eval report",
    "eval calibrate",
    "doctor",
    "bench",
    "completions",
    "man",
];

#[test]
fn the_first_page() {
    assert_snapshot!(Place::new().run(&["--help"]));
}

#[test]
fn the_page_of_ask() {
    assert_snapshot!(Place::new().run(&["ask", "--help"]));
}

#[test]
fn every_page_fits_80_columns() {
    let place = Place::new();
    for command in COMMANDS {
        for flag in ["-h", "--help"] {
            let mut words: Vec<&str> = command.split_whitespace().collect();
            words.push(flag);
            let mut lens = place.lens(&words);
            lens.env_remove("COLUMNS");
            for line in stdout(lens).lines() {
                assert!(line.chars().count() <= 80, "lens {command} {flag}: {line}");
            }
        }
    }
}

#[test]
fn a_command_that_does_not_exist() {
    assert_snapshot!(Place::new().run(&["aks", "a.jpg", "Why?"]));
}

#[test]
fn no_command() {
    let output = Place::new().lens(&[]).assert().code(2).get_output().clone();
    assert!(String::from_utf8_lossy(&output.stderr).contains("Usage: lens"));
}

#[test]
fn a_question_that_is_missing() {
    let place = Place::new();
    place.write("photo.jpg", b"any");
    assert_snapshot!(place.run(&["ask", "photo.jpg"]));
}

#[test]
fn a_picture_that_is_missing() {
    assert_snapshot!(Place::new().run(&["ask", "What is this?"]));
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = stdout(Place::new().lens(&["completions", shell]));
        assert!(script.contains("classify") && script.contains("together"), "{shell}");
    }
}

#[test]
fn a_manual_page_for_each_command() {
    let place = Place::new();
    let page = stdout(place.lens(&["man"]));
    assert!(page.contains(".TH lens 1") && page.contains("Exit codes"));
    place.lens(&["man", "--dir", "pages/man1"]).assert().success();
    let pages = fs_err::read_dir(place.path("pages/man1")).unwrap().count();
    assert_eq!(pages, COMMANDS.len());
    assert!(fs_err::read_to_string(place.path("pages/man1/lens-ask.1")).unwrap().contains("together"));
}
