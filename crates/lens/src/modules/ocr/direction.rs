//! A direction in a picture, and where points are along it and across it.

use rten_imageproc::PointF;

/// A unit vector. A point has a `u` along it and a `v` to the right of it, which is down where the direction is level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Direction {
    cos: f32,
    sin: f32,
}

impl Direction {
    /// `angle` in radians, down to the right is positive.
    pub(super) fn new(angle: f32) -> Self {
        let (sin, cos) = angle.sin_cos();
        Self { cos, sin }
    }

    /// Where points lie farthest from each other, at most half way between level and upright: of something longer than it is
    /// high, where it goes.
    pub(super) fn of(points: &[PointF]) -> Self {
        let mean = |value: &dyn Fn(&PointF) -> f32| {
            points.iter().map(value).sum::<f32>() / points.len().max(1) as f32
        };
        let (x, y) = (mean(&|point| point.x), mean(&|point| point.y));
        let across = mean(&|point| (point.x - x).powi(2));
        let down = mean(&|point| (point.y - y).powi(2));
        let both = mean(&|point| (point.x - x) * (point.y - y));
        let angle = (2.0 * both).atan2(across - down) / 2.0;
        let upright = std::f32::consts::FRAC_PI_2;
        Self::new(if angle.abs() > upright / 2.0 { angle - upright.copysign(angle) } else { angle })
    }

    /// Radians.
    pub(super) fn angle(self) -> f32 {
        self.sin.atan2(self.cos)
    }

    /// How far points reach along it and across it.
    pub(super) fn extent(self, points: &[PointF]) -> (f32, f32) {
        let length = |reach: Option<(f32, f32)>| reach.map_or(0.0, |(least, most)| most - least);
        let along = reach(points.iter().map(|point| self.u(*point)));
        (length(along), length(reach(points.iter().map(|point| self.v(*point)))))
    }

    pub(super) fn u(self, point: PointF) -> f32 {
        point.x * self.cos + point.y * self.sin
    }

    pub(super) fn v(self, point: PointF) -> f32 {
        point.y * self.cos - point.x * self.sin
    }

    pub(super) fn point(self, u: f32, v: f32) -> PointF {
        PointF::from_yx(u * self.sin + v * self.cos, u * self.cos - v * self.sin)
    }
}

/// The least and the greatest of some numbers; `None` of none.
pub(super) fn reach(numbers: impl IntoIterator<Item = f32>) -> Option<(f32, f32)> {
    numbers.into_iter().fold(None, |reach, number| match reach {
        Some((least, most)) => Some((number.min(least), number.max(most))),
        None => Some((number, number)),
    })
}

#[cfg(test)]
mod tests {
    use super::{Direction, reach};
    use proptest::prelude::*;
    use rten_imageproc::PointF;

    proptest! {
        #[test]
        fn a_point_comes_back_from_its_coordinates(angle in -3.0_f32..3.0, x in -500.0_f32..500.0, y in -500.0_f32..500.0) {
            let (along, point) = (Direction::new(angle), PointF::from_yx(y, x));
            let back = along.point(along.u(point), along.v(point));
            prop_assert!((back.x - x).abs() < 0.01 && (back.y - y).abs() < 0.01);
        }
    }

    #[test]
    fn down_is_to_the_right_of_level() {
        let (level, point) = (Direction::new(0.0), PointF::from_yx(2.0, 7.0));
        assert_eq!((level.u(point), level.v(point)), (7.0, 2.0));
    }

    #[test]
    fn something_long_goes_where_it_is_long() {
        for (angle, told) in
            [(0.0_f32, 0.0), (0.3, 0.3), (-0.7, -0.7), (1.5, 1.5 - std::f32::consts::FRAC_PI_2)]
        {
            let along = Direction::new(angle);
            let points: Vec<PointF> =
                (0..40).map(|place| along.point(place as f32, (place % 2 * 8) as f32)).collect();
            let found = Direction::of(&points);
            assert!((found.angle() - told).abs() < 0.03, "{angle}: {}", found.angle());
            let (length, height) = Direction::new(angle).extent(&points);
            assert!((length - 39.0).abs() < 0.01 && (height - 8.0).abs() < 0.01);
        }
        assert_eq!(Direction::of(&[]), Direction::new(0.0));
    }

    #[test]
    fn nothing_has_no_reach() {
        assert_eq!(reach([]), None);
        assert_eq!(reach([2.0, -1.0, 0.5]), Some((-1.0, 2.0)));
    }
}
