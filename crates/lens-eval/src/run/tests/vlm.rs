//! The system that gets the pixels, against a server that decodes what it is sent.

use super::endpoint::{Endpoint, Reply, Request, nowhere};
use crate::{
    Ended, FlawKind, Models, Options, Sweep, System, Task, Vlm, VlmOptions, report,
    run::{Line, run, samples_path},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use lens::{Cancel, ErrorKind, Lens, Store, evidence::hex, testing::FakeLlm};
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// The six classes come from the folders.
const TASK: &str = r#"
name = "colours"
title = "Colours"
version = 1
kind = "classification"
data = { layout = "folders", split = "test" }
evidence = { modules = [] }
prompt = { question = "Which colour?" }
"#;

const COLOURS: [(&str, [u8; 3]); 6] = [
    ("black", [0, 0, 0]),
    ("blue", [0, 0, 255]),
    ("green", [0, 255, 0]),
    ("red", [255, 0, 0]),
    ("white", [255, 255, 255]),
    ("yellow", [255, 255, 0]),
];

/// What a request shows of a picture.
struct Seen {
    colour: &'static str,
    media_type: String,
    size: (u32, u32),
    bytes_sha256: String,
    pixels_sha256: String,
}

impl Seen {
    fn of(request: &Request) -> Self {
        let uri = request.text("/messages/0/content/0/image_url/url");
        let (media_type, base64) = uri.strip_prefix("data:").unwrap().split_once(";base64,").unwrap();
        let bytes = BASE64_STANDARD.decode(base64).unwrap();
        let picture = image::load_from_memory(&bytes).unwrap().to_rgb8();
        let middle = picture.get_pixel(picture.width() / 2, picture.height() / 2).0;
        let near = |colour: &[u8; 3]| colour.iter().zip(middle).all(|(a, b)| a.abs_diff(b) < 40);
        Self {
            colour: COLOURS.iter().find(|(_, colour)| near(colour)).unwrap().0,
            media_type: media_type.to_owned(),
            size: picture.dimensions(),
            bytes_sha256: hex(&Sha256::digest(&bytes)),
            pixels_sha256: hex(&Sha256::digest(picture.as_raw())),
        }
    }
}

/// A server that is told which colour it sees, and how often it saw it before.
fn start(reply: fn(&'static str, usize) -> Reply) -> Endpoint {
    Endpoint::start(move |request, before| reply(Seen::of(request).colour, before))
}

fn vlm(base_url: &str, retries: u32) -> Vlm {
    let options = VlmOptions::parse(&format!("{base_url}#eye"), Some("secret".into())).unwrap();
    Vlm::new(VlmOptions { retries, pause: Duration::from_millis(5), ..options })
}

/// One picture of each colour, each of another size and format.
struct Place {
    folder: TempDir,
    files: HashMap<&'static str, PathBuf>,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut files = HashMap::new();
        let formats = ["png", "jpg", "gif", "bmp", "webp", "tiff"];
        for ((number, (name, colour)), format) in (0u32..).zip(COLOURS).zip(formats) {
            let path = folder.path().join(format!("data/test/{name}/{number}.{format}"));
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            image::RgbImage::from_pixel(20 + number, 30, image::Rgb(colour)).save(&path).unwrap();
            files.insert(name, path);
        }
        Self { folder, files }
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    fn run(&self, vlm: &Vlm) -> lens::Result<Ended> {
        let tasks = vec![Task::parse("colours", TASK).unwrap()];
        let all = Options::new(tasks, self.folder.path().join("data"), self.out());
        let sweep = Sweep { systems: vec![System::Vlm], ..Sweep::default() };
        let options = Options { sweep, batch: 4, max_broken: 0.5, ..all };
        let open = |_: &[lens::config::Layer]| Lens::builder().llm(FakeLlm::saying("unasked")).build();
        let store = Store::open(&self.folder.path().join("evidence.sqlite"), 1 << 24);
        let models = Models { open: &open, store: &store, vlm: Some(vlm) };
        run(&options, &models, &mut |_| (), &Cancel::new())
    }

    /// The lines by the true colour.
    fn lines(&self) -> HashMap<String, Line> {
        let text = fs_err::read_to_string(samples_path(&self.out(), "colours", "vlm")).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Line>(line).unwrap());
        lines.map(|line| (line.target.clone(), line)).collect()
    }
}

fn sha256(path: &Path) -> String {
    hex(&Sha256::digest(fs_err::read(path).unwrap()))
}

#[test]
fn the_server_gets_the_pixels_and_its_answers_are_scored() {
    // White is taken for black; all else is seen.
    let server = start(|colour, _| {
        Reply::Answer(if colour == "white" { "It is black.".to_owned() } else { format!(" {colour} \n") })
    });
    let place = Place::new();
    assert!(matches!(place.run(&vlm(&server.base_url, 2)).unwrap(), Ended::Whole));
    let requests = server.requests();
    assert_eq!(requests.len(), COLOURS.len());
    for request in requests {
        let one = Seen::of(&request);
        let path = &place.files[one.colour];
        let original = image::open(path).unwrap().to_rgb8();
        assert_eq!(one.size, original.dimensions(), "{}", one.colour);
        assert_eq!(one.pixels_sha256, hex(&Sha256::digest(original.as_raw())), "{}", one.colour);
        assert_eq!(request.path, "/v1/chat/completions");
        assert_eq!(request.authorization.as_deref(), Some("Bearer secret"));
        assert_eq!(request.text("/model"), "eye");
        let question = "Which colour? Answer with one of: black, blue, green, red, white, yellow.";
        assert_eq!(request.text("/messages/0/content/1/text"), question);
        let (media_type, is_the_file) = match path.extension().unwrap().to_str().unwrap() {
            "jpg" => ("image/jpeg", true),
            // What endpoints do not take comes as PNG.
            "bmp" | "tiff" => ("image/png", false),
            "png" => ("image/png", true),
            "webp" => ("image/webp", true),
            _ => ("image/gif", true),
        };
        assert_eq!(one.media_type, media_type);
        assert_eq!(one.bytes_sha256 == sha256(path), is_the_file, "{}", one.colour);
    }
    for (colour, line) in place.lines() {
        assert_eq!(line.image_sha256.as_ref(), Some(&sha256(&place.files[colour.as_str()])));
        assert_eq!(line.metrics["accuracy"] > 0.5, colour != "white", "{line:?}");
    }
}

#[test]
fn what_fails_for_one_sample_is_a_row_and_the_run_goes_on() {
    let server = start(|colour, before| match (colour, before) {
        ("green", 0) => Reply::Status("429 Too Many Requests", "retry-after: 1\r\n"),
        ("red", 0) | ("white", _) => Reply::Status("500 Internal Server Error", ""),
        ("yellow", _) => Reply::Cut,
        ("black", _) => Reply::Status("400 Bad Request", ""),
        (colour, _) => Reply::Answer(colour.to_owned()),
    });
    let place = Place::new();
    let start = Instant::now();
    // Half of the samples are broken, and half may be.
    assert!(matches!(place.run(&vlm(&server.base_url, 2)).unwrap(), Ended::Whole));
    assert!(start.elapsed() >= Duration::from_secs(1), "the server asked for a second");
    let lines = place.lines();
    let told = [("white", "status 500"), ("yellow", ""), ("black", "status 400")];
    for (colour, what) in told {
        let flaw = lines[colour].error.as_ref().unwrap();
        assert_eq!(flaw.kind, FlawKind::NotAnswered);
        assert!(flaw.detail.contains(what), "{}", flaw.detail);
    }
    for colour in ["blue", "green", "red"] {
        assert_eq!((lines[colour].error.as_ref(), lines[colour].filtered_resps[0].as_str()), (None, colour));
    }
    let requests = server.requests();
    let tries = |colour| requests.iter().filter(|request| Seen::of(request).colour == colour).count();
    let counted = ["blue", "green", "red", "white", "yellow", "black"].map(tries);
    assert_eq!(counted, [1, 2, 2, 3, 3, 1], "refusals are final, failures are tried again twice");
    report::write(&[&place.out()], &place.out()).unwrap();
    let report = fs_err::read_to_string(place.out().join("report.md")).unwrap();
    assert!(report.contains("not answered | vlm | 3 |") && report.contains("3 of 6"), "{report}");
    assert!(matches!(place.run(&vlm(&server.base_url, 2)).unwrap(), Ended::Whole));
    assert_eq!(server.requests().len(), 12, "the second start has nothing left to ask");
}

#[test]
fn a_wait_of_an_hour_is_not_waited_for() {
    let server = start(|_, _| Reply::Status("429 Too Many Requests", "retry-after: 3600\r\n"));
    let start = Instant::now();
    let said = vlm(&server.base_url, 2).ask("image/png", &png(), "What?", &Cancel::new()).unwrap();
    assert!(said.unwrap_err().detail.contains("429") && start.elapsed() < Duration::from_mins(1));
}

#[test]
fn what_fails_for_every_sample_ends_the_run() {
    let place = Place::new();
    let refused = start(|_, _| Reply::Status("401 Unauthorized", ""));
    let error = place.run(&vlm(&refused.base_url, 2)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Remote);
    assert!(error.advice().unwrap().contains("LENS_VLM_API_KEY"), "{error}");
    let error = vlm(&nowhere(), 1).ask("image/png", &png(), "What?", &Cancel::new()).unwrap_err();
    assert!(error.advice().unwrap().contains("start it"), "{error}");
}

fn png() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(2, 2, image::Rgb([0, 0, 0]))
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}
