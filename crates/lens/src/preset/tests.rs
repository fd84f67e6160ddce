use super::{Part, Preset, Role};
use crate::{
    config::{Config, Layer},
    hub::Wanted,
};
use std::path::PathBuf;

#[test]
fn the_compiled_presets_fill_every_role() {
    for name in Preset::names() {
        let preset = Preset::named(name).unwrap();
        assert_eq!(preset.parts.len(), 6, "{name}");
        let embedded = preset.parts.values().all(|part| *part == Part::Embedded);
        assert_eq!(embedded, name == "nano");
    }
}

#[test]
fn published_parts_are_the_ones_of_the_paper() {
    let paper = Preset::named("paper").unwrap();
    let name = |role| match paper.parts.get(&role) {
        Some(Part::Repository(request)) => request.repository.name().to_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!(name(Role::Clip), "laion/CLIP-ViT-H-14-laion2B-s32B-b79K");
    assert_eq!(name(Role::Blip), "Salesforce/blip-image-captioning-large");
    assert_eq!(name(Role::Llm), "google/flan-t5-xl");
    assert_eq!(name(Role::Attributes), "llm-lens/descriptors-text-davinci-003");
}

#[test]
fn settings_replace_parts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let config = Config::from_layers(&[
        Layer::setting("--preset", "preset", "base"),
        Layer::setting("--llm", "llm", "http://localhost:11434/v1"),
        Layer::setting("flag", "parts.clip", "openai/clip-vit-large-patch14@refs/pr/19"),
        Layer::setting("flag", "parts.blip", path),
        Layer::setting("flag", "tags.vocabulary", "my-tags.txt"),
    ])
    .unwrap();
    let parts = Preset::of(&config).unwrap().parts;
    assert_eq!(parts[&Role::Llm], Part::Endpoint(Some("http://localhost:11434/v1".to_owned())));
    assert_eq!(parts[&Role::Blip], Part::Path(folder.path().to_path_buf()));
    assert_eq!(parts[&Role::Tags], Part::Path(PathBuf::from("my-tags.txt")));
    let Part::Repository(clip) = &parts[&Role::Clip] else { panic!("{parts:?}") };
    assert_eq!((clip.repository.name(), &clip.wanted), ("openai/clip-vit-large-patch14", &Wanted::Model));
    assert_eq!(clip.revisions, ["refs/pr/19"]);
    assert!(matches!(parts[&Role::Ocr], Part::Repository(_)), "not replaced");
}

#[test]
fn mistakes_are_config_errors() {
    let error = Preset::named("bass").unwrap_err();
    assert_eq!(
        error.to_string(),
        "preset: expected one of nano, base, paper, or the path of a .toml file, found `bass`"
    );
    for (text, found) in [
        ("about = 'x'\n[parts.clip]\n", "exactly one of"),
        ("about = 'x'\n[parts.clip]\nrepository = 'a/b'\npath = 'c'", "exactly one of"),
        ("about = 'x'\n[parts.clip]\nrepository = '../../etc'", "a repository"),
        ("about = 'x'\n[settings]\nbeams = 3", "no such setting"),
        ("about = 'x'\nmodels = 3", "models"),
    ] {
        let error = super::file::parse("mine.toml", text).unwrap_err();
        assert!(error.to_string().contains(found), "{text}: {error}");
    }
}
