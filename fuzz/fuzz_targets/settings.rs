#![no_main]

use lens::{Config, ErrorKind, config::Layer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(error) = Layer::toml("config.toml", text).and_then(|layer| Config::from_layers(&[layer])) {
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    }
});
