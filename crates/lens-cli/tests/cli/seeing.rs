//! The whole path on the models inside the program.

use crate::place::{Place, json_lines, stdout};
use image::{Rgb, RgbImage, imageops};
use insta::assert_snapshot;
use std::path::Path;

#[test]
fn a_picture_becomes_evidence() {
    let place = Place::new();
    place.example("shapes.png");
    let record = json_lines(&stdout(place.lens(&["-q", "--json", "see", "shapes.png"]))).remove(0);
    assert_eq!(record["source"], "shapes.png");
    assert_eq!(record["image"]["sha256"].as_str().unwrap().len(), 64);
    for kind in ["tags", "attributes", "captions", "ocr"] {
        assert!(record[kind].is_array(), "{kind}");
    }
    let captions = record["captions"].as_array().unwrap();
    assert!(!captions.is_empty(), "a beam caption at least");
    for caption in captions {
        let text = caption["text"].as_str().unwrap();
        assert!(!text.is_empty() && !text.starts_with("a picture of"), "{text}");
    }
}

/// Plain pictures in a font that OCR was not trained on.
#[test]
fn words_are_read_with_the_colour_of_their_letters() {
    struct Case {
        picture: &'static str,
        lines: &'static [(&'static str, &'static str)],
    }
    let cases = [
        Case { picture: "contradicting-colours.png", lines: &[("Red", "purple"), ("Green", "red")] },
        Case { picture: "sign.jpg", lines: &[("NO", "red"), ("PARKING", "red")] },
        Case { picture: "sign-turned.jpg", lines: &[("NO", "red"), ("PARKING", "red")] },
        Case { picture: "meme.jpg", lines: &[("I CAME TO READ", "white"), ("THE WATER WAS WARM", "white")] },
    ];
    let place = Place::new();
    for Case { picture, lines } in cases {
        place.example(picture);
        let record = json_lines(&stdout(place.lens(&["-q", "--json", "see", picture]))).remove(0);
        let read = record["ocr"].as_array().unwrap().iter();
        let read: Vec<_> =
            read.map(|line| (line["text"].as_str().unwrap(), line["ink"].as_str().unwrap())).collect();
        assert_eq!(read, lines, "{picture}");
    }
}

/// A picture turned about its middle, to the right.
fn turned(picture: &RgbImage, degrees: f32) -> RgbImage {
    let (width, height) = picture.dimensions();
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (middle, centre) = (width as f32 / 2.0, height as f32 / 2.0);
    RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (x as f32 - middle, y as f32 - centre);
        let (x, y) = (x * cos + y * sin + middle, y * cos - x * sin + centre);
        imageops::interpolate_bilinear(picture, x, y).unwrap_or(Rgb([90; 3]))
    })
}

/// What OCR says of a picture.
fn lines(place: &Place, picture: &str) -> serde_json::Value {
    json_lines(&stdout(place.lens(&["-q", "--json", "see", picture]))).remove(0)["ocr"].clone()
}

fn texts(lines: &serde_json::Value) -> Vec<&str> {
    lines.as_array().unwrap().iter().map(|line| line["text"].as_str().unwrap()).collect()
}

/// The sign of `examples/`, hung askew: its box is where the words are, not where they would be on a level sign.
#[test]
fn words_that_stand_aslant_are_read_where_they_are() {
    let place = Place::new();
    place.example("sign.jpg");
    let sign = image::open(place.path("sign.jpg")).unwrap().into_rgb8();
    turned(&sign, 9.0).save(place.path("askew.png")).unwrap();
    let (level, askew) = (lines(&place, "sign.jpg"), lines(&place, "askew.png"));
    assert_eq!(askew[1]["text"], "PARKING");
    let side = |line: &serde_json::Value, side: &str| line["box"][side].as_f64().unwrap();
    let rise = side(&level[1], "width") * 9_f64.to_radians().sin();
    assert!(side(&askew[1], "height") > side(&level[1], "height") + 0.6 * rise, "{askew}");
}

/// Two signs side by side, one that falls to the right and one that rises.
#[test]
fn each_line_has_a_slope_of_its_own() {
    let place = Place::new();
    place.example("sign.jpg");
    let sign = image::open(place.path("sign.jpg")).unwrap().into_rgb8();
    let mut both = RgbImage::from_pixel(2 * sign.width(), sign.height(), Rgb([90; 3]));
    imageops::replace(&mut both, &turned(&sign, 8.0), 0, 0);
    imageops::replace(&mut both, &turned(&sign, -8.0), i64::from(sign.width()), 0);
    both.save(place.path("both.png")).unwrap();
    assert_eq!(texts(&lines(&place, "both.png")), ["NO", "PARKING", "NO", "PARKING"]);
}

/// The title of a menu, laid around a circle.
#[test]
fn a_line_that_bends_is_read() {
    let place = Place::new();
    place.example("menu.png");
    let title = image::open(place.path("menu.png")).unwrap().into_rgb8();
    let title = imageops::crop_imm(&title, 0, 10, 420, 80).to_image();
    let (radius, ground) = (300.0_f32, *title.get_pixel(0, 0));
    let arc = RgbImage::from_fn(440, 240, |x, y| {
        let (x, y) = (x as f32 - 220.0, radius + 80.0 - y as f32);
        let (along, up) = (radius * x.atan2(y), x.hypot(y) - radius);
        imageops::interpolate_bilinear(&title, along + 210.0, 40.0 - up).unwrap_or(ground)
    });
    arc.save(place.path("arc.png")).unwrap();
    assert_eq!(texts(&lines(&place, "arc.png")), ["Harbour Cafe"]);
}

#[test]
fn a_name_and_its_price_are_one_line() {
    let place = Place::new();
    place.example("menu.png");
    let read = lines(&place, "menu.png");
    assert_eq!(texts(&read), ["Harbour Cafe", "Coffee 2.50", "Tea 2.20", "Soup 6.90", "Cake 3.80"]);
}

/// The sign of `examples/` at the far end of a picture which, shrunk for the detector, has letters of five pixels.
#[test]
fn small_words_in_a_large_picture_are_read_where_they_are() {
    let place = Place::new();
    place.example("sign.jpg");
    let sign = image::open(place.path("sign.jpg")).unwrap().into_rgb8();
    let far = imageops::resize(&sign, 120, 160, imageops::FilterType::Triangle);
    let mut street = RgbImage::from_pixel(1600, 1200, Rgb([150, 160, 170]));
    imageops::replace(&mut street, &far, 1300, 1000);
    street.save(place.path("street.png")).unwrap();
    let words = lines(&place, "street.png");
    assert_eq!(texts(&words), ["NO", "PARKING"]);
    for word in words.as_array().unwrap() {
        let at = |side: &str| word["box"][side].as_u64().unwrap();
        assert!(at("x") >= 1300 && at("x") + at("width") <= 1420, "{word}");
        assert!(at("y") >= 1000 && at("y") + at("height") <= 1160, "{word}");
    }
}

#[test]
fn a_second_look_comes_from_the_store() {
    let place = Place::new();
    place.example("shapes.png");
    let see = || json_lines(&stdout(place.lens(&["-q", "--json", "see", "shapes.png"]))).remove(0);
    let (first, second) = (see(), see());
    assert!(first["timings"].is_object() && second.get("timings").is_none());
    let stats = json_lines(&stdout(place.lens(&["--json", "cache", "stats"]))).remove(0);
    assert_eq!(stats["entries"], 1);
    let cleared = json_lines(&stdout(place.lens(&["--json", "cache", "clear"]))).remove(0);
    assert_eq!(cleared["forgotten"], 1);
}

/// Decoding a large photo takes longer than answering a question about it. Smaller limits show whether it is decoded.
#[test]
fn a_picture_that_is_known_is_not_decoded_for_its_evidence() {
    let place = Place::new();
    place.example("shapes.png");
    place.write("labels.txt", "circle\nsquare\n");
    let answer = stdout(place.lens(&["-q", "ask", "shapes.png", "How many?"]));
    place.write("home/config.toml", "[limits]\npixels = 1000\n");
    assert_eq!(stdout(place.lens(&["-q", "ask", "shapes.png", "How many?"])), answer);
    place.lens(&["-q", "see", "shapes.png"]).assert().success();
    place.lens(&["-q", "classify", "shapes.png", "--labels", "labels.txt"]).assert().failure();
    place.lens(&["-q", "cache", "clear"]).assert().success();
    place.lens(&["-q", "ask", "shapes.png", "How many?"]).assert().failure();
}

#[test]
fn evidence_for_people_fits_80_columns() {
    let place = Place::new();
    place.example("meme.jpg");
    let output = place.lens(&["see", "meme.jpg"]).assert().success().get_output().clone();
    let text = String::from_utf8(output.stdout).unwrap();
    for heading in ["meme.jpg (", "Tags", "Attributes", "Captions", "Text in the picture"] {
        assert!(text.lines().any(|line| line.starts_with(heading)), "{heading}: {text}");
    }
    let stderr = String::from_utf8(output.stderr).unwrap();
    for line in text.lines().chain(stderr.lines()) {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn nano_says_what_it_is_in_one_line() {
    let place = Place::new();
    place.example("shapes.png");
    place.example("page.png");
    let output = place.lens(&["see", "shapes.png", "page.png"]).assert().success().get_output().clone();
    assert_snapshot!(String::from_utf8(output.stderr).unwrap());
}

/// As transformers does: a number of `generation_config.json`, 1 where there is none.
#[test]
fn the_folder_of_a_captioner_tells_what_the_length_of_a_caption_counts() {
    let words = |penalty: f32| {
        let place = Place::new();
        let nano = Path::new(env!("CARGO_MANIFEST_DIR")).join("../lens-nano/blip");
        for file in ["config.json", "preprocessor_config.json", "tokenizer.json", "model.safetensors"] {
            place.write(&format!("blip/{file}"), fs_err::read(nano.join(file)).unwrap());
        }
        place.write("blip/generation_config.json", format!("{{\"length_penalty\": {penalty:?}}}"));
        place.write("home/config.toml", "[parts]\nblip = \"./blip\"\n[captions]\ncount = 0\n");
        place.example("beach.jpg");
        let record = json_lines(&stdout(place.lens(&["-q", "--json", "see", "beach.jpg"]))).remove(0);
        record["captions"][0]["text"].as_str().unwrap().split(' ').count()
    };
    assert!(words(-30.0) < words(30.0));
}
