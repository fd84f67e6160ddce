#![no_main]

use lens_nn::preprocess::{Convention, Preprocess, RgbView};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let checkpoint = lens_fuzz::checkpoint("preprocessor_config.json", bytes);
    let Ok(preprocess) = Preprocess::from_checkpoint(&checkpoint, Convention::Clip, 8) else { return };
    let picture = RgbView::new(3, 2, &[128; 18]).expect("3 x 2 pixels");
    assert_eq!(preprocess.pixels(picture).expect("a picture of usual sides").len(), 3 * 8 * 8);
});
