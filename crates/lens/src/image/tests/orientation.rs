//! The eight EXIF orientations in every format that can carry one.

use super::made::{tiff, with_exif};
use crate::image::{Limits, Picture};
use ::image::{DynamicImage, GrayImage, ImageFormat, Luma};

const CELL: u32 = 16;
const COLUMNS: u32 = 3;
const ROWS: u32 = 2;

/// The grey of a stored cell.
fn stored(column: u32, row: u32) -> u8 {
    ((row * COLUMNS + column) * 40 + 20) as u8
}

/// The stored cell that must be seen at (x, y), from EXIF 2.32, tag 274: which side of the picture row 0 and
/// column 0 are.
fn seen(orientation: u8, x: u32, y: u32) -> u8 {
    let (right, bottom) = (COLUMNS - 1, ROWS - 1);
    match orientation {
        1 => stored(x, y),
        2 => stored(right - x, y),
        3 => stored(right - x, bottom - y),
        4 => stored(x, bottom - y),
        5 => stored(y, x),
        6 => stored(y, bottom - x),
        7 => stored(right - y, bottom - x),
        _ => stored(right - y, x),
    }
}

#[test]
fn every_orientation_is_turned_upright() {
    let grey = GrayImage::from_fn(COLUMNS * CELL, ROWS * CELL, |x, y| Luma([stored(x / CELL, y / CELL)]));
    let image = DynamicImage::from(grey.clone());
    for orientation in 1..=8 {
        let files = [
            ("jpeg", with_exif(&image, ImageFormat::Jpeg, orientation)),
            ("png", with_exif(&image, ImageFormat::Png, orientation)),
            ("webp", with_exif(&image, ImageFormat::WebP, orientation)),
            ("tiff", tiff(grey.width(), grey.height(), &grey, u32::from(orientation))),
        ];
        for (name, bytes) in files {
            let picture = Picture::decode(&bytes, &Limits::default()).unwrap();
            let (columns, rows) = (picture.width() / CELL, picture.height() / CELL);
            let sides = if orientation < 5 { (COLUMNS, ROWS) } else { (ROWS, COLUMNS) };
            assert_eq!((columns, rows), sides, "{name}, orientation {orientation}");
            for (x, y) in (0..columns).flat_map(|x| (0..rows).map(move |y| (x, y))) {
                let centre = ((y * CELL + CELL / 2) * picture.width() + x * CELL + CELL / 2) as usize * 3;
                let found = picture.rgb()[centre];
                let expected = seen(orientation, x, y);
                assert!(found.abs_diff(expected) < 5, "{name}, orientation {orientation}, cell ({x}, {y})");
            }
        }
    }
}

#[test]
fn an_orientation_that_does_not_exist_turns_nothing() {
    let image = DynamicImage::from(GrayImage::new(4, 2));
    for orientation in [0, 9, 255] {
        let bytes = with_exif(&image, ImageFormat::Png, orientation);
        let picture = Picture::decode(&bytes, &Limits::default()).unwrap();
        assert_eq!((picture.width(), picture.height()), (4, 2));
    }
}
