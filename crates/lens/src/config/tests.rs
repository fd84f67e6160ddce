use super::{Config, DEFAULT_TEXT, Layer, Precision, keys};
use crate::{Decoding, Home, image::Limits};

fn toml(text: &str) -> Layer {
    Layer::toml("config.toml", text).unwrap()
}

fn defaults() -> Config {
    Config::from_layers(&[]).unwrap()
}

#[test]
fn the_default_text_says_what_the_code_says() {
    let config = defaults();
    assert_eq!(config.limits, Limits::default());
    assert_eq!(config.decoding(), Decoding::default());
    assert_eq!((config.preset.as_str(), config.llm), ("nano", None));
    assert_eq!(config.precision, Precision::Auto);
}

#[test]
fn every_setting_is_explained_or_named_by_its_section() {
    let mut explained = false;
    for line in DEFAULT_TEXT.lines() {
        let setting = line.contains('=') && !line.starts_with('#');
        assert!(explained || !setting, "`{line}` stands without a word");
        explained = line.starts_with(['#', '[']) || (explained && !line.is_empty());
    }
}

#[test]
fn later_layers_win() {
    let environment = Layer::environment(&|name| match name {
        "LENS_TAGS_TOP_K" => Some("7".to_owned()),
        "LENS_SEED" => Some("3".to_owned()),
        "LENS_OFFLINE" => Some("1".to_owned()),
        _ => None,
    });
    let mut layers = vec![toml("seed = 1\n[tags]\ntop_k = 2\nthreshold = 1\n[answer]\nbeams = 2")];
    layers.extend(environment.unwrap());
    layers.push(Layer::setting("--seed", "seed", 9));
    let config = Config::from_layers(&layers).unwrap();
    assert_eq!((config.seed, config.tags.top_k, config.tags.threshold, config.answer.beams), (9, 7, 1.0, 2));
    assert!(config.offline);
    assert_eq!(config.captions, defaults().captions);
}

#[test]
fn the_preset_lies_below_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let preset = folder.path().join("mine.toml");
    fs_err::write(&preset, "about = 'mine'\n[settings]\nseed = 5\ntags.top_k = 3").unwrap();
    fs_err::write(folder.path().join("config.toml"), "tags.top_k = 4").unwrap();
    let flags = [Layer::setting("--preset", "preset", preset.to_str().unwrap())];
    let config = Config::load(&Home::at(folder.path()), &flags).unwrap();
    assert_eq!((config.seed, config.tags.top_k), (5, 4));
}

#[test]
fn mistakes_name_the_layer_the_key_and_the_way_out() {
    struct Case {
        text: &'static str,
        message: &'static str,
        hint: Option<&'static str>,
    }
    let case = |text, message, hint| Case { text, message, hint };
    for Case { text, message, hint } in [
        case("sede = 1", "config.toml, key `sede`: no such setting", Some("did you mean `seed`?")),
        case(
            "[tags]\ntopk = 1",
            "config.toml, key `tags.topk`: no such setting",
            Some("did you mean `tags.top_k`?"),
        ),
        case(
            "[tag]\ntop_k = 1",
            "config.toml, key `tag`: no such setting",
            Some("did you mean `tags.top_k`?"),
        ),
        case(
            "capacity_bytes = 1",
            "config.toml, key `capacity_bytes`: no such setting",
            Some("did you mean `store.capacity_bytes`?"),
        ),
        case(
            "zzzzzz = 1",
            "config.toml, key `zzzzzz`: no such setting",
            Some("see the default settings for the keys that exist"),
        ),
        case("seed = 'x'", "config.toml, key `seed`: expected a whole number, found \"x\"", None),
        case("tags = 1", "config.toml, key `tags`: expected a section, found 1", None),
        case("offline = 1", "config.toml, key `offline`: expected true or false, found 1", None),
        case("[captions]\nbeams = 0", "config.toml, key `captions.beams`: expected 1 or more, found 0", None),
        case(
            "[tags]\nthreshold = 20",
            "config.toml, key `tags.threshold`: expected a number from -1 to 1, found 20",
            None,
        ),
        case(
            "labels.template = 'a photo'",
            "config.toml, key `labels.template`: expected a text with {} in it, found `a photo`",
            None,
        ),
    ] {
        let error = Config::from_layers(&[toml(text)]).unwrap_err();
        assert_eq!((error.to_string().as_str(), error.advice()), (message, hint), "{text}");
    }
}

#[test]
fn a_wrong_word_and_a_negative_number_are_config_errors() {
    for text in ["precision = 'fp8'", "seed = -1", "threads = -1"] {
        let error = Config::from_layers(&[toml(text)]).unwrap_err();
        assert_eq!(error.thing(), "config.toml", "{text}");
        assert!(error.finding().is_some_and(|found| found.len() > 10), "{error}");
    }
}

#[test]
fn text_that_is_not_toml_names_its_line() {
    let error = Layer::toml("config.toml", "seed = 1\npreset = \n").unwrap_err();
    assert_eq!((error.thing(), error.expectation()), ("config.toml, line 2", Some("TOML")));
}

#[test]
fn a_variable_of_the_wrong_type_is_named() {
    let error = Layer::environment(&|name| (name == "LENS_THREADS").then(|| "many".to_owned())).unwrap_err();
    assert_eq!(error.to_string(), "LENS_THREADS: expected a whole number, found \"many\"");
}

#[test]
fn no_two_settings_share_a_variable() {
    let mut names: Vec<String> =
        keys::leaves(&keys::defaults().unwrap()).iter().map(|key| key.replace('.', "_")).collect();
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all);
    assert!(!names.contains(&"home".to_owned()), "LENS_HOME is taken");
}
