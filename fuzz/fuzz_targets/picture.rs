#![no_main]

use lens::{
    ErrorKind,
    image::{Limits, Picture},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { pixels: 1 << 20, ..Limits::default() };
    match Picture::decode(bytes, &limits) {
        Ok(picture) => assert_eq!(
            picture.rgb().len() as u64,
            3 * u64::from(picture.width()) * u64::from(picture.height())
        ),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Input, "{error}"),
    }
});
