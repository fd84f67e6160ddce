//! The parts that need no connection.

use crate::{
    Config, ErrorKind,
    config::Layer,
    llm::remote::{EndpointOptions, Key, refusal::backoff, stream::Events, tokens},
};
use proptest::prelude::*;
use std::{io::BufReader, time::Duration};

fn events(text: &str) -> Vec<String> {
    // A small buffer: lines and characters are cut anywhere.
    let mut events = Events::new(BufReader::with_capacity(3, text.as_bytes()));
    std::iter::from_fn(|| events.next_data().unwrap()).collect()
}

#[test]
fn events_are_read_as_the_standard_says() {
    assert_eq!(events("data: a\n\ndata: b\n\n"), ["a", "b"]);
    assert_eq!(events("data:a\r\ndata:  b\r\n\r\n"), ["a\n b"]);
    assert_eq!(events(": comment\nevent: x\nid: 1\n\n\ndata: \u{fc}\n\n"), ["\u{fc}"]);
    assert_eq!(events("data: not closed"), ["not closed"]);
    assert_eq!(events(""), [""; 0]);
}

#[test]
fn a_line_without_end_is_refused() {
    let endless = "x".repeat(3 << 20);
    assert!(Events::new(endless.as_bytes()).next_data().is_err());
}

#[test]
fn tokens_are_counted_generously() {
    for (text, tokens) in
        [("", 0), ("a", 1), ("a photo", 4), ("1234", 4), ("\u{fc}", 2), (" a  b ", 4), ("don't", 4)]
    {
        assert_eq!(tokens::at_most(text), tokens, "{text:?}");
    }
}

proptest! {
    #[test]
    fn more_text_is_never_fewer_tokens(a in "\\PC{0,40}", b in "\\PC{0,40}") {
        let both = format!("{a}{b}");
        prop_assert!(tokens::at_most(&both) >= tokens::at_most(&a));
        prop_assert!(tokens::at_most(&both) <= both.len());
    }

    #[test]
    fn pauses_double_and_vary(tries in 0_u32..6) {
        let whole = Duration::from_millis(100) * 2_u32.pow(tries);
        let pause = backoff(Duration::from_millis(100), tries);
        prop_assert!(pause >= whole / 2 && pause <= whole);
    }
}

fn config(layers: &[Layer]) -> Config {
    Config::from_layers(layers).unwrap()
}

#[test]
fn the_settings_name_the_endpoint() {
    let folder = tempfile::tempdir().unwrap();
    let key_file = folder.path().join("key");
    fs_err::write(&key_file, "from-file\n").unwrap();
    let variable = |name: &str| (name == "LENS_API_KEY").then(|| "from-environment".to_owned());
    let settings = [
        Layer::setting("flag", "endpoint.base_url", "http://one/v1/"),
        Layer::setting("flag", "endpoint.model", "small"),
    ];
    let options = EndpointOptions::from_settings(&config(&settings), None, &variable).unwrap();
    assert_eq!((options.base_url.as_str(), options.model.as_str()), ("http://one/v1", "small"));
    assert_eq!(options.key, Some(Key::new("from-environment")));

    let with_file =
        [&settings[..], &[Layer::setting("flag", "endpoint.key_file", key_file.to_str().unwrap())]].concat();
    let options =
        EndpointOptions::from_settings(&config(&with_file), Some("http://two/v1#large"), &variable).unwrap();
    assert_eq!((options.base_url.as_str(), options.model.as_str()), ("http://two/v1", "large"));
    assert_eq!(options.key, Some(Key::new("from-file")));
    assert!(!format!("{options:?}").contains("from-file"));
    assert_eq!(EndpointOptions::from_settings(&config(&settings), None, &|_| None).unwrap().key, None);
}

#[test]
fn what_is_missing_is_named() {
    let base_url = Layer::setting("flag", "endpoint.base_url", "http://one/v1");
    let model = Layer::setting("flag", "endpoint.model", "small");
    let no_key = Layer::setting("flag", "endpoint.key_file", "/nowhere/key");
    let offline = Layer::setting("--offline", "offline", true);
    for (layers, thing) in [
        (vec![model.clone()], "`endpoint.base_url`"),
        (vec![base_url.clone()], "`endpoint.model`"),
        (vec![base_url.clone(), model.clone(), no_key], "/nowhere/key"),
        (vec![base_url, model, offline], "the language model at http://one/v1"),
    ] {
        let error = EndpointOptions::from_settings(&config(&layers), None, &|_| None).unwrap_err();
        assert_eq!((error.kind(), error.thing()), (ErrorKind::Config, thing));
        assert!(error.advice().is_some());
    }
}
