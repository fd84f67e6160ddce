//! AVIF: the header is read here in every build; the pixels need the feature.

use super::made::unhex;
use crate::image::{Limits, Picture, heif};
use ::image::metadata::Orientation;

/// 48x32, six grey cells of 16x16 (20, 60, 100 over 140, 180, 220), to be turned as EXIF's 6 says. From Pillow 11.3.
const TURNED: &str = include_str!("turned.avif.hex");

#[test]
fn the_header_tells_the_dimensions_and_the_turn() {
    let bytes = unhex(TURNED);
    assert_eq!(heif::dimensions("x", &bytes).unwrap(), (48, 32));
    assert_eq!(heif::orientation(&bytes), Orientation::Rotate90);
    assert!(heif::dimensions("x", &bytes[..40]).is_err());
    assert_eq!(heif::orientation(&bytes[..40]), Orientation::NoTransforms);
}

#[test]
fn turns_and_mirrors_are_all_eight_orientations() {
    // A quarter turn anticlockwise each; then mirrored: 0 exchanges top and bottom, 1 left and right.
    let cases = [
        (0, None, 1),
        (0, Some(1), 2),
        (2, None, 3),
        (0, Some(0), 4),
        (1, Some(0), 5),
        (3, Some(1), 5),
        (3, None, 6),
        (1, Some(1), 7),
        (3, Some(0), 7),
        (1, None, 8),
    ];
    for (turns, mirror, exif) in cases {
        let mut header = [b"irot".as_slice(), &[turns]].concat();
        if let Some(axis) = mirror {
            header.extend([b"imir".as_slice(), &[axis]].concat());
        }
        assert_eq!(Some(heif::orientation(&header)), Orientation::from_exif(exif), "{turns}, {mirror:?}");
    }
}

#[cfg(feature = "avif")]
#[test]
fn pixels_are_turned_upright() {
    let picture = Picture::decode(&unhex(TURNED), &Limits::default()).unwrap();
    assert_eq!((picture.width(), picture.height()), (32, 48));
    let grey = |x: u32, y: u32| picture.rgb()[(y * picture.width() + x) as usize * 3];
    assert!(grey(8, 8).abs_diff(140) < 6 && grey(24, 40).abs_diff(100) < 6);
}

#[cfg(not(feature = "avif"))]
#[test]
fn without_the_feature_it_is_named() {
    let error = Picture::decode(&unhex(TURNED), &Limits::default()).unwrap_err();
    assert_eq!(error.finding(), Some("an AVIF picture"));
    assert!(error.advice().is_some_and(|hint| hint.contains("feature `avif`")));
}
