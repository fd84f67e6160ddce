//! What one argument stands for.

use super::made::encode;
use crate::ErrorKind;
use crate::image::{Limits, Picture, Source};
use ::image::{DynamicImage, ImageFormat};
use base64::{Engine, prelude::BASE64_STANDARD, prelude::BASE64_STANDARD_NO_PAD};
use std::path::Path;

fn png() -> Vec<u8> {
    encode(&DynamicImage::new_rgb8(5, 4), ImageFormat::Png)
}

fn write(root: &Path, name: &str, bytes: &[u8]) {
    let path = root.join(name);
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    fs_err::write(path, bytes).unwrap();
}

/// The names of the sources, relative to `root`.
fn names(root: &Path, argument: &Path) -> Vec<String> {
    let sources = Source::parse(argument.to_str().unwrap()).unwrap();
    let relative = |source: &Source| {
        let name = source.name();
        let path = Path::new(&name);
        path.strip_prefix(root).unwrap().to_str().unwrap().to_owned()
    };
    sources.iter().map(relative).collect()
}

#[test]
fn folders_and_patterns_are_sorted_and_deep() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for name in ["b.png", "a/z.png", "a/deep/no-extension", ".hidden.png", ".git/x.png", "c.dat"] {
        write(root, name, &png());
    }
    write(root, "notes.txt", b"not a picture");
    write(root, "fake.jpg", b"text that claims to be a picture");

    let all = ["a/deep/no-extension", "a/z.png", "b.png", "c.dat", "fake.jpg"];
    assert_eq!(names(root, root), all);
    assert_eq!(names(root, &root.join("*.png")), ["b.png"]);
    assert_eq!(names(root, &root.join("**/*.png")), ["a/z.png", "b.png"]);
    assert_eq!(names(root, &root.join("a*")), ["a/deep/no-extension", "a/z.png"]);
    assert_eq!(names(root, &root.join("notes.txt")), ["notes.txt"], "named by the user, so not filtered");
}

#[test]
fn every_source_gives_the_same_picture() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "x.jpg", &png());
    let path = folder.path().join("x.jpg");
    let expected = Picture::decode(&png(), &Limits::default()).unwrap();
    let arguments = [
        path.to_str().unwrap().to_owned(),
        format!("data:image/jpeg;base64,{}", BASE64_STANDARD.encode(png())),
        format!("DATA:;base64,{}", BASE64_STANDARD_NO_PAD.encode(png())),
        format!("data:image/png;base64, {}\n", BASE64_STANDARD.encode(png()).replace('A', "A\r\n")),
    ];
    for argument in arguments {
        let sources = Source::parse(&argument).unwrap();
        assert_eq!(sources.len(), 1);
        assert_eq!(sources[0].open(&Limits::default()).unwrap(), expected);
    }
    let bytes = Source::Bytes { name: "upload".to_owned(), bytes: png().into() };
    assert_eq!(bytes.open(&Limits::default()).unwrap(), expected);
    assert_eq!(Source::parse("-").unwrap(), [Source::Stdin]);
}

#[test]
fn what_is_not_there_is_an_input_error() {
    struct Case {
        argument: String,
        found: &'static str,
    }
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_str().unwrap();
    let case = |argument: String, found| Case { argument, found };
    for Case { argument, found } in [
        case(root.to_owned(), "no picture in it or its sub-folders"),
        case(format!("{root}/*.png"), "no match"),
        case("https://example.com/a.png".to_owned(), "a URL, which LENS does not fetch"),
        case(format!("{root}/missing.png"), "no such file"),
        case("data:image/png;base64".to_owned(), "no comma"),
        case("data:image/svg+xml,%3Csvg".to_owned(), "another encoding"),
    ] {
        let opened = Source::parse(&argument).and_then(|sources| sources[0].open(&Limits::default()));
        let error = opened.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Input);
        assert_eq!(error.finding(), Some(found), "{argument}");
    }
}

#[test]
fn a_large_file_is_refused_unread() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "x.png", &png());
    let source = Source::Path(folder.path().join("x.png"));
    let limits = Limits { bytes: 20, ..Limits::default() };
    assert_eq!(source.read(&limits).unwrap_err().expectation(), Some("at most 20 bytes"));
    let data = Source::DataUri(format!("data:;base64,{}", BASE64_STANDARD.encode(png())).into());
    assert_eq!(data.read(&limits).unwrap_err().expectation(), Some("at most 20 bytes"));
}
