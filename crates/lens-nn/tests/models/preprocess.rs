//! Which files describe how pictures are prepared, in which forms, and what is refused.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use lens_nn::{
    Error, ErrorKind,
    preprocess::{Convention, Preprocess, RgbView},
    weights::Checkpoint,
};

const PREPROCESSOR: &str = "preprocessor_config.json";

fn read(file: &'static str, json: &str, convention: Convention, size: usize) -> Result<Preprocess, Error> {
    let bytes: &'static [u8] = Box::leak(json.to_owned().into_bytes().into_boxed_slice());
    let checkpoint = Checkpoint::embedded("test", &[(file, bytes)]).unwrap();
    Preprocess::from_checkpoint(&checkpoint, convention, size)
}

/// Pixels of a picture with structure in both directions.
fn pixels(preprocess: &Preprocess) -> Vec<f32> {
    let (width, height) = (31, 22);
    let bytes: Vec<u8> = (0..width * height * 3).map(|i| (i * i % 251) as u8).collect();
    preprocess.pixels(RgbView::new(width, height, &bytes).unwrap()).unwrap()
}

#[test]
fn old_and_new_forms_mean_the_same() {
    struct Case(Convention, &'static str, &'static str);
    let cases = [
        Case(
            Convention::Clip,
            PREPROCESSOR,
            r#"{"feature_extractor_type": "CLIPFeatureExtractor", "image_processor_type": "CLIPImageProcessor",
                "size": 8, "crop_size": 8, "resample": 3, "do_center_crop": true}"#,
        ),
        Case(
            Convention::Clip,
            PREPROCESSOR,
            r#"{"size": {"shortest_edge": 8, "longest_edge": null}, "crop_size": {"height": 8, "width": 8},
                "rescale_factor": 0.00392156862745098, "image_std": null}"#,
        ),
        Case(
            Convention::Clip,
            "processor_config.json",
            r#"{"processor_class": "CLIPProcessor", "image_processor": {"size": {"shortest_edge": 8}, "crop_size": 8,
                "do_pad": true, "size_divisor": 32}}"#,
        ),
        Case(Convention::Blip, PREPROCESSOR, r#"{"image_processor_type": "BlipImageProcessor", "size": 8}"#),
        Case(Convention::Blip, PREPROCESSOR, r#"{"size": {"height": 8, "width": 8}, "crop_size": 5}"#),
    ];
    let reference = |convention| match convention {
        Convention::Blip => r#"{"size": {"height": 8, "width": 8}}"#,
        _ => r#"{"size": {"shortest_edge": 8}, "crop_size": {"height": 8, "width": 8}}"#,
    };
    for Case(convention, file, json) in cases {
        let expected = read(PREPROCESSOR, reference(convention), convention, 8).unwrap();
        let found = read(file, json, convention, 8).unwrap();
        assert_eq!(found.size(), 8);
        assert_eq!(pixels(&found), pixels(&expected), "{json}");
    }
}

#[test]
fn the_nested_file_wins() {
    let files: &[(&str, &[u8])] = &[
        (PREPROCESSOR, br#"{"size": 384}"#),
        ("processor_config.json", br#"{"image_processor": {"size": 16}}"#),
    ];
    let checkpoint = Checkpoint::embedded("test", files).unwrap();
    assert_eq!(Preprocess::from_checkpoint(&checkpoint, Convention::Blip, 16).unwrap().size(), 16);

    // Before version 5, the file had no pictures in it.
    let files: &[(&str, &[u8])] = &[
        (PREPROCESSOR, br#"{"size": 384}"#),
        ("processor_config.json", br#"{"processor_class": "BlipProcessor"}"#),
    ];
    let checkpoint = Checkpoint::embedded("test", files).unwrap();
    assert_eq!(Preprocess::from_checkpoint(&checkpoint, Convention::Blip, 384).unwrap().size(), 384);
}

#[test]
fn normalisation_is_the_files_own() {
    let json =
        r#"{"size": 1, "image_mean": 0.5, "image_std": [0.5, 0.25, 0.125], "rescale_factor": 0.0078125}"#;
    let blip = read(PREPROCESSOR, json, Convention::Blip, 1).unwrap();
    let open_clip =
        r#"{"preprocess_cfg": {"mean": [0, 0, 0.2], "std": [1, 0.5, 0.2], "resize_mode": "squash"}}"#;
    let open_clip = read("open_clip_config.json", open_clip, Convention::OpenClip, 1).unwrap();
    let pixel =
        |preprocess: &Preprocess| preprocess.pixels(RgbView::new(1, 1, &[128, 96, 51]).unwrap()).unwrap();
    // (128 / 128 - 1/2) / (1/2), (96 / 128 - 1/2) / (1/4), (51 / 128 - 1/2) / (1/8)
    assert_eq!(pixel(&blip), [1.0, 1.0, -0.8125]);
    // 128 / 255, 96 / 255 / (1/2), and 51 / 255 is the mean
    assert_eq!(pixel(&open_clip), [128.0 / 255.0, 192.0 / 255.0, 0.0]);
    assert_eq!(open_clip.resized_rgb(RgbView::new(1, 1, &[128, 96, 51]).unwrap()).unwrap(), [128, 96, 51]);
}

#[track_caller]
fn assert_refused(convention: Convention, json: &str, message: &str) {
    let file = if convention == Convention::OpenClip { "open_clip_config.json" } else { PREPROCESSOR };
    let error = read(file, json, convention, 224).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let words = error.to_string();
    let words = words.split(" at line ").next().unwrap();
    assert_eq!(words, format!("test, {file}, field {message}"));
}

#[test]
fn steps_that_are_not_implemented_are_refused() {
    use Convention::{Blip, Clip, OpenClip};
    struct Case(Convention, &'static str, &'static str);
    let cases = [
        Case(Clip, r#"{"resample": 2}"#, "`resample`: expected 3, found 2"),
        Case(Clip, r#"{"resample": []}"#, "`resample`: invalid type: sequence, expected i64"),
        Case(Clip, r#"{"do_resize": false}"#, "`do_resize`: expected true, found false"),
        Case(Clip, r#"{"do_rescale": false}"#, "`do_rescale`: expected true, found false"),
        Case(Clip, r#"{"do_normalize": false}"#, "`do_normalize`: expected true, found false"),
        Case(Clip, r#"{"pad_size": 5}"#, "`pad_size`: expected none: the pictures are squares"),
        Case(
            Clip,
            r#"{"image_std": 0}"#,
            "`image_std`: expected numbers other than 0, found [0.0, 0.0, 0.0]",
        ),
        Case(Clip, r#"{"image_mean": [0.5]}"#, "`image_mean`: expected a number or three numbers"),
        Case(
            Clip,
            r#"{"image_processor_type": "SiglipImageProcessor"}"#,
            "`image_processor_type`: expected CLIPImageProcessor, found SiglipImageProcessor",
        ),
        Case(
            Blip,
            r#"{"feature_extractor_type": "CLIPFeatureExtractor"}"#,
            "`image_processor_type`: expected BlipImageProcessor, found CLIPFeatureExtractor",
        ),
        Case(
            OpenClip,
            r#"{"preprocess_cfg": {"interpolation": "bilinear"}}"#,
            "`preprocess_cfg.interpolation`: expected bicubic, found bilinear",
        ),
        Case(
            OpenClip,
            r#"{"preprocess_cfg": {"resize_mode": "longest"}}"#,
            "`preprocess_cfg.resize_mode`: expected shortest or squash, found longest",
        ),
    ];
    for Case(convention, json, message) in cases {
        assert_refused(convention, json, message);
    }
}

#[test]
fn sizes_that_leave_no_square_for_the_model_are_refused() {
    use Convention::{Blip, Clip};
    struct Case(Convention, &'static str, &'static str);
    let cases = [
        Case(Clip, r#"{"size": 0}"#, "`size`: expected 1 to 8192 pixels, found 0"),
        Case(
            Clip,
            r#"{"size": -1}"#,
            "`size`: expected a number of pixels, or an object with `shortest_edge`, or with `height` and `width`",
        ),
        Case(
            Clip,
            r#"{"crop_size": 336}"#,
            "`crop_size`: expected 224, the image size of the model, found 336",
        ),
        Case(
            Clip,
            r#"{"size": 200}"#,
            "`crop_size`: expected at most 200, the size before the crop, found 224",
        ),
        Case(
            Clip,
            r#"{"do_center_crop": false}"#,
            "`do_center_crop`: expected true: `size.shortest_edge` alone leaves no square, found false",
        ),
        Case(
            Blip,
            r#"{"size": {"height": 224, "width": 384}}"#,
            "`size`: expected equal `height` and `width`, found height 224, width 384",
        ),
        Case(
            Blip,
            r#"{"size": {"shortest_edge": 224, "longest_edge": 400}}"#,
            "`size`: expected equal `height` and `width`, found shortest_edge 224, longest_edge 400",
        ),
        Case(Blip, r#"{"size": {}}"#, "`size`: expected equal `height` and `width`, found neither"),
    ];
    for Case(convention, json, message) in cases {
        assert_refused(convention, json, message);
    }
}

#[test]
fn a_missing_file_is_named() {
    let error = read("config.json", "{}", Convention::Clip, 224).unwrap_err();
    let message = "expected the file, or processor_config.json with an `image_processor`, found neither";
    assert_eq!(error.to_string(), format!("test, preprocessor_config.json: {message}"));
    let error = read("config.json", "{}", Convention::OpenClip, 224).unwrap_err();
    assert_eq!(error.to_string(), "test, open_clip_config.json: expected the file, found none");
}

#[test]
fn a_picture_is_as_long_as_it_says() {
    struct Case(usize, usize, usize);
    for Case(width, height, bytes) in
        [Case(0, 1, 0), Case(1, 1, 4), Case(2, 1, 3), Case(usize::MAX, 2, 6), Case(1 << 25, 0, 0)]
    {
        assert_eq!(RgbView::new(width, height, &vec![0; bytes]).unwrap_err().kind(), ErrorKind::Input);
    }
}
