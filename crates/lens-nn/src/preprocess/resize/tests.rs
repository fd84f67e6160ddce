use super::{Axis, bicubic_window};
use crate::preprocess::RgbView;
use proptest::prelude::*;
use std::ops::Range;

/// A picture's sides, its bytes (black, white and anything between: the extremes overshoot most) and the sides it gets.
fn resizes() -> impl Strategy<Value = ([usize; 2], Vec<u8>, [usize; 2])> {
    ([1..40_usize, 1..40_usize], [1..60_usize, 1..60_usize]).prop_flat_map(|([width, height], to)| {
        let byte = prop_oneof![Just(0_u8), Just(255_u8), any::<u8>()];
        (Just([width, height]), prop::collection::vec(byte, width * height * 3), Just(to))
    })
}

fn resized(picture: RgbView<'_>, to: [usize; 2], [columns, rows]: [Range<usize>; 2]) -> Vec<u8> {
    let columns = Axis { from: picture.width(), to: to[0], kept: columns };
    let rows = Axis { from: picture.height(), to: to[1], kept: rows };
    bicubic_window(picture, &columns, &rows)
}

/// A run within `0..length`.
fn part(length: usize, start: prop::sample::Index, size: prop::sample::Index) -> Range<usize> {
    let start = start.index(length);
    start..start + 1 + size.index(length - start)
}

/// One line of samples resized in f64 with the textbook kernel, stretched when the line shrinks, over all samples.
fn naive_line(samples: &[f64], to: usize) -> Vec<f64> {
    let kernel = |x: f64| match x.abs() {
        x if x <= 1.0 => 1.5 * x.powi(3) - 2.5 * x.powi(2) + 1.0,
        x if x < 2.0 => -0.5 * x.powi(3) + 2.5 * x.powi(2) - 4.0 * x + 2.0,
        _ => 0.0,
    };
    let scale = samples.len() as f64 / to as f64;
    let line = (0..to).map(|i| {
        let weight = |j: usize| kernel((j as f64 + 0.5 - (i as f64 + 0.5) * scale) / scale.max(1.0));
        let total: f64 = (0..samples.len()).map(weight).sum();
        let value = samples.iter().enumerate().map(|(j, sample)| sample * weight(j)).sum::<f64>() / total;
        value.round().clamp(0.0, 255.0)
    });
    line.collect()
}

/// One channel: rows first, bytes between the passes, then columns.
fn naive(channel: &[f64], width: usize, to: [usize; 2]) -> Vec<f64> {
    let rows: Vec<Vec<f64>> = channel.chunks(width).map(|row| naive_line(row, to[0])).collect();
    let columns: Vec<Vec<f64>> =
        (0..to[0]).map(|x| naive_line(&rows.iter().map(|row| row[x]).collect::<Vec<_>>(), to[1])).collect();
    (0..to[1]).flat_map(|y| columns.iter().map(move |column| column[y])).collect()
}

proptest! {
    #[test]
    fn a_window_is_a_crop_of_the_whole(
        ([width, height], bytes, to) in resizes(),
        at: [prop::sample::Index; 4],
    ) {
        let picture = RgbView::new(width, height, &bytes).unwrap();
        let columns = part(to[0], at[0], at[1]);
        let rows = part(to[1], at[2], at[3]);
        let whole = resized(picture, to, [0..to[0], 0..to[1]]);
        let crop: Vec<u8> = whole
            .chunks(to[0] * 3)
            .skip(rows.start)
            .take(rows.len())
            .flat_map(|row| row[columns.start * 3..columns.end * 3].to_vec())
            .collect();
        prop_assert_eq!(resized(picture, to, [columns, rows]), crop);
    }

    #[test]
    fn no_byte_is_far_from_the_textbook(([width, height], bytes, to) in resizes()) {
        let picture = RgbView::new(width, height, &bytes).unwrap();
        let whole = resized(picture, to, [0..to[0], 0..to[1]]);
        for channel in 0..3 {
            let samples: Vec<f64> = bytes.iter().skip(channel).step_by(3).map(|&byte| f64::from(byte)).collect();
            let found = whole.iter().skip(channel).step_by(3);
            for (found, expected) in found.zip(naive(&samples, width, to)) {
                // A value at a half rounds either way, and the second pass may widen that by its largest weight.
                prop_assert!((f64::from(*found) - expected).abs() <= 2.0, "{} for {}", found, expected);
            }
        }
    }
}

#[test]
fn a_picture_of_its_own_size_is_itself() {
    let bytes: Vec<u8> = (0..7 * 5 * 3).map(|i| (i * 37 % 256) as u8).collect();
    let picture = RgbView::new(7, 5, &bytes).unwrap();
    assert_eq!(resized(picture, [7, 5], [0..7, 0..5]), bytes);
}

#[test]
fn a_flat_picture_stays_flat_however_long() {
    struct Case([usize; 2], [usize; 2]);
    let cases = [
        Case([1, 1], [224, 224]),
        Case([30_000, 1], [6_720_000, 224]),
        Case([1, 30_000], [224, 6_720_000]),
        Case([30_000, 1], [224, 224]),
        Case([10, 4000], [384, 384]),
    ];
    for Case([width, height], to) in cases {
        let bytes = vec![201; width * height * 3];
        let picture = RgbView::new(width, height, &bytes).unwrap();
        let middle = to.map(|side| side / 2 - 112..side / 2 + 112);
        let window = resized(picture, to, middle);
        assert_eq!(window, vec![201; 224 * 224 * 3], "{width} x {height}");
    }
}
