//! Models, vocabularies, the store, and the doctor.

use crate::place::{Place, json_lines, stdout};
use insta::{assert_snapshot, with_settings};

#[test]
fn an_empty_store() {
    let place = Place::new();
    assert_snapshot!(place.run(&["cache", "stats"]));
    assert_snapshot!(place.run(&["cache", "clear"]));
}

#[cfg(target_os = "linux")]
#[test]
fn a_home_that_cannot_be_written() {
    let place = Place::new();
    let mut lens = place.lens(&["cache", "stats"]);
    lens.env("LENS_HOME", "/proc/lens");
    let output = lens.assert().success().get_output().clone();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.starts_with("warning: there is no store: "), "{stderr}");
}

#[test]
fn the_models_of_a_preset() {
    assert_snapshot!(Place::new().run(&["--preset", "base", "models", "list"]));
}

#[test]
fn nothing_is_downloaded_offline() {
    let place = Place::new();
    assert_snapshot!(place.run(&["models", "pull", "google/flan-t5-small"]));
    assert!(!place.path("home/models").exists());
}

#[test]
fn models_that_are_not_there() {
    let place = Place::new();
    assert_snapshot!(place.run(&["models", "path", "google/flan-t5-small"]));
    place.lens(&["models", "rm", "google/flan-t5-small"]).assert().code(3);
    place.lens(&["models", "path", "../../etc"]).assert().code(4);
}

#[test]
fn a_damaged_download_is_found_and_removed() {
    let place = Place::new();
    let blobs = "home/models/models--somebody--something/blobs";
    // SHA-256 of nothing.
    let whole = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    place.write(&format!("{blobs}/{whole}"), "");
    assert_snapshot!(place.run(&["models", "verify"]));
    place.write(&format!("{blobs}/{whole}"), "x");
    assert_snapshot!(place.run(&["models", "verify", "somebody/something"]));
    assert_snapshot!(place.run(&["models", "rm", "somebody/something"]));
    assert!(!place.path("home/models/models--somebody--something").exists());
}

#[test]
fn a_vocabulary_without_repetitions() {
    let place = Place::new();
    place.write("birds.txt", "owl\nheron\n\nowl\n");
    assert_eq!(stdout(place.lens(&["vocab", "show", "birds.txt"])), "owl\nheron\n");
    let lines = json_lines(&stdout(place.lens(&["--json", "vocab", "show", "birds.txt"])));
    assert_eq!(lines[1]["text"], "heron");
    place.lens(&["vocab", "show", "nowhere.txt"]).assert().code(3);
}

#[test]
fn a_vocabulary_is_embedded_once() {
    let place = Place::new();
    place.write("birds.txt", "owl\nheron\n");
    let build = || stdout(place.lens(&["-q", "vocab", "build", "birds.txt"]));
    assert_eq!(build(), "birds.txt: 2 texts embedded\n");
    assert_eq!(build(), "birds.txt: 2 texts were embedded before\n");
}

#[test]
fn the_doctor() {
    let place = Place::new();
    let machine =
        [(r"\d+, one for each core", "[N], one for each core"), (r"processor   .*", "processor   [TIER]")];
    with_settings!({filters => machine}, {
        assert_snapshot!(place.run(&["--preset", "base", "doctor"]));
    });
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    struct Case {
        variable: Option<(&'static str, &'static str)>,
        flag: &'static [&'static str],
        threads: &'static str,
    }
    let cases = [
        Case { variable: None, flag: &[], threads: "3" },
        Case { variable: Some(("LENS_THREADS", "4")), flag: &[], threads: "4" },
        Case { variable: Some(("LENS_THREADS", "4")), flag: &["--threads", "5"], threads: "5" },
    ];
    let place = Place::new();
    place.write("home/config.toml", "threads = 3");
    for Case { variable, flag, threads } in cases {
        let mut lens = place.lens(&["doctor", "--json"]);
        lens.args(flag).envs(variable);
        assert_eq!(json_lines(&stdout(lens))[0]["threads"], threads);
    }
}
