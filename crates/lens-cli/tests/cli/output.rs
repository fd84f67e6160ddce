//! stdout carries data and nothing else; a reader that leaves early is no error.

use crate::place::{Place, stdout};
use std::{
    io::Read,
    process::{Command, Stdio},
};

#[cfg(unix)]
#[test]
fn a_closed_pipe_is_success() {
    let place = Place::new();
    let lines: Vec<String> = (0..50_000).map(|number| format!("word number {number}")).collect();
    place.write("long.txt", lines.join("\n"));
    let mut lens = Command::new(env!("CARGO_BIN_EXE_lens"))
        .args(["-q", "vocab", "show", "long.txt"])
        .env("LENS_HOME", place.path("home"))
        .current_dir(place.path("."))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 13];
    lens.stdout.take().unwrap().read_exact(&mut first).unwrap();
    assert_eq!(&first, b"word number 0");
    let output = lens.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said() {
    let place = Place::new();
    let full = fs_err::OpenOptions::new().write(true).open("/dev/full").unwrap().into_file();
    let output = Command::new(env!("CARGO_BIN_EXE_lens"))
        .args(["cache", "stats"])
        .env("LENS_HOME", place.path("home"))
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.starts_with("output error: stdout: "), "{stderr}");
}

#[test]
fn a_pipe_gets_no_colour() {
    let place = Place::new();
    for arguments in [&["models", "list"][..], &["doctor"], &["--help"]] {
        assert!(!stdout(place.lens(arguments)).contains('\u{1b}'), "{arguments:?}");
    }
}

#[test]
fn quiet_says_nothing_but_errors() {
    let place = Place::new();
    place.write("words.txt", "one\ntwo\n");
    let output = place.lens(&["vocab", "show", "words.txt", "--quiet"]).output().unwrap();
    assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"one\ntwo\n"[..], &b""[..]));
}
