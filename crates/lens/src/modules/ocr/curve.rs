//! The curve through the middle of a line of letters. As `training/ocr/strip.py` has it.

use super::direction::{Direction, reach};
use rten_imageproc::PointF;

/// Of their height: words whose middle is farther from a straight line are bent.
const BENT: f32 = 0.25;
/// Times as long as high: words up to this do not bend.
const SHORT: f32 = 2.5;
/// The same: words beyond this bend in more ways than one.
const LONG: f32 = 6.0;

/// v as a polynomial of (u - centre) / reach.
#[derive(Clone, Debug)]
pub(super) struct Curve {
    along: Direction,
    centre: f32,
    reach: f32,
    /// Coefficients, of the lowest power first. One means that the line is straight.
    powers: Vec<f32>,
}

impl Curve {
    /// The curve through the middle of words that run `along` a direction. `outlines` are points all around them.
    pub(super) fn through<'a>(outlines: impl Iterator<Item = &'a PointF>, along: Direction) -> Self {
        let places: Vec<(f32, f32)> = outlines.map(|point| (along.u(*point), along.v(*point))).collect();
        let (start, end) = reach(places.iter().map(|place| place.0)).unwrap_or_default();
        let (top, foot) = reach(places.iter().map(|place| place.1)).unwrap_or_default();
        let (centre, reach) = (f32::midpoint(start, end), ((end - start) / 2.0).max(1.0));
        let scaled: Vec<_> = places.iter().map(|(u, v)| ((u - centre) / reach, *v)).collect();
        let straight = Self { along, centre, reach, powers: vec![f32::midpoint(top, foot)] };
        let Some(fitted) = fitted::<3>(&scaled) else { return straight };
        let height = 2.0 * spread(&scaled, &fitted);
        if fitted[2].abs() <= BENT * height || 2.0 * reach <= SHORT * height {
            return straight;
        }
        let finer = if 2.0 * reach > LONG * height { self::fitted::<5>(&scaled) } else { None };
        Self { powers: finer.map_or(fitted.to_vec(), |powers| powers.to_vec()), ..straight }
    }

    pub(super) fn is_bent(&self) -> bool {
        self.powers.len() > 1
    }

    pub(super) fn v(&self, u: f32) -> f32 {
        value(&self.powers, (u - self.centre) / self.reach)
    }

    /// dv / du
    pub(super) fn slope(&self, u: f32) -> f32 {
        let x = (u - self.centre) / self.reach;
        let powers = self.powers.iter().enumerate().skip(1).rev();
        powers.fold(0.0, |sum, (power, factor)| sum * x + power as f32 * factor) / self.reach
    }

    /// (u, how far below the middle)
    pub(super) fn place(&self, point: PointF) -> (f32, f32) {
        let u = self.along.u(point);
        (u, (self.along.v(point) - self.v(u)) / self.slope(u).hypot(1.0))
    }

    /// The point `below` the middle at `u`.
    pub(super) fn point(&self, u: f32, below: f32) -> PointF {
        let slope = self.slope(u);
        let turn = below / slope.hypot(1.0);
        self.along.point(u - slope * turn, self.v(u) + turn)
    }
}

/// The value of a polynomial.
fn value(powers: &[f32], x: f32) -> f32 {
    powers.iter().rev().fold(0.0, |sum, factor| sum * x + factor)
}

/// Standard deviation of points around a polynomial.
fn spread(places: &[(f32, f32)], powers: &[f32]) -> f32 {
    let count = places.len().max(1) as f32;
    let rest: Vec<f32> = places.iter().map(|(x, v)| v - value(powers, *x)).collect();
    let mean = rest.iter().sum::<f32>() / count;
    (rest.iter().map(|rest| (rest - mean).powi(2)).sum::<f32>() / count).sqrt()
}

/// The polynomial of N coefficients with the least squared distance from (x, v); x in -1 to 1. `None` if the points do not
/// tell it.
fn fitted<const N: usize>(places: &[(f32, f32)]) -> Option<[f32; N]> {
    // Normal equations; the last column is the right side.
    let mut rows = vec![vec![0.0_f64; N + 1]; N];
    for &(x, v) in places {
        let (x, v) = (f64::from(x), f64::from(v));
        for (power, row) in rows.iter_mut().enumerate() {
            for (other, sum) in row.iter_mut().enumerate() {
                *sum += x.powi(power as i32) * if other == N { v } else { x.powi(other as i32) };
            }
        }
    }
    solved(rows)?.try_into().ok()
}

/// Gauss-Jordan elimination with pivots.
fn solved(mut rows: Vec<Vec<f64>>) -> Option<Vec<f32>> {
    let count = rows.len();
    for column in 0..count {
        let pivot =
            (column..count).max_by(|a, b| rows[*a][column].abs().total_cmp(&rows[*b][column].abs()))?;
        if rows[pivot][column].abs() < 1e-9 {
            return None;
        }
        rows.swap(column, pivot);
        let chosen = rows[column].clone();
        for (_, row) in rows.iter_mut().enumerate().filter(|(place, _)| *place != column) {
            let share = row[column] / chosen[column];
            row.iter_mut().zip(&chosen).for_each(|(value, pivot)| *value -= share * pivot);
        }
    }
    Some((0..count).map(|place| (rows[place][count] / rows[place][place]) as f32).collect())
}

#[cfg(test)]
mod tests {
    use super::{Curve, Direction, fitted};
    use proptest::prelude::*;
    use rten_imageproc::PointF;

    /// The upper and the lower border of a band of 20 pixels whose middle is `v`.
    fn band(v: impl Fn(f32) -> f32) -> Vec<PointF> {
        let border = |side: f32| (0..=200).map(move |x| (x as f32, side));
        let all = border(-10.0).chain(border(10.0));
        all.map(|(x, side)| PointF::from_yx(v(x) + side, x)).collect()
    }

    #[test]
    fn a_band_is_straight_until_it_bends_by_a_quarter_of_its_height() {
        let bend = |by: f32| move |x: f32| 50.0 + by * (1.0 - ((x - 100.0) / 100.0).powi(2));
        for (by, is_bent) in [(0.0, false), (4.0, false), (6.0, true), (-6.0, true), (40.0, true)] {
            let points = band(bend(by));
            let curve = Curve::through(points.iter(), Direction::new(0.0));
            assert_eq!(curve.is_bent(), is_bent, "{by}");
            if is_bent {
                assert!((curve.v(100.0) - 50.0 - by).abs() < 0.1 && (curve.v(0.0) - 50.0).abs() < 0.1);
                assert!((curve.slope(0.0) - by / 50.0).abs() < 0.01);
            }
        }
    }

    #[test]
    fn points_that_tell_no_curve_are_a_straight_line() {
        for points in [vec![], vec![PointF::from_yx(3.0, 4.0); 9]] {
            assert!(!Curve::through(points.iter(), Direction::new(0.3)).is_bent());
        }
        assert!(fitted::<3>(&[(0.0, 1.0), (0.5, 2.0)]).is_none());
    }

    proptest! {
        #[test]
        fn a_point_is_as_far_below_the_middle_as_asked(by in -60.0_f32..60.0, u in 20.0_f32..180.0, below in -8.0_f32..8.0) {
            let points = band(|x| 80.0 + by * (x / 100.0 - 1.0).powi(2));
            let curve = Curve::through(points.iter(), Direction::new(0.0));
            let (_, found) = curve.place(curve.point(u, below));
            prop_assert!((found - below).abs() < 0.6, "{found} of {below}");
        }
    }
}
