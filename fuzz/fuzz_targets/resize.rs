#![no_main]

use lens_nn::preprocess::{Convention, Preprocess, RgbView};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|picture: (u16, bool, Vec<u8>)| {
    let (width, squash, bytes) = picture;
    let (width, pixels) = (usize::from(width).max(1), bytes.len() / 3);
    let Ok(view) = RgbView::new(width, pixels / width, &bytes[..pixels / width * width * 3]) else { return };
    let (convention, json): (_, &[u8]) = if squash {
        (Convention::Blip, br#"{"size": 8}"#)
    } else {
        (Convention::Clip, br#"{"size": 9, "crop_size": 8}"#)
    };
    let checkpoint = lens_fuzz::checkpoint("preprocessor_config.json", json);
    let preprocess = Preprocess::from_checkpoint(&checkpoint, convention, 8).expect("a usual configuration");
    assert_eq!(preprocess.resized_rgb(view).expect("a picture of usual sides").len(), 3 * 8 * 8);
});
