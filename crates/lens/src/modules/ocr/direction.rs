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

    /// From one point to another; level if they are the same.
    pub(super) fn between(from: PointF, to: PointF) -> Self {
        Self::new((to.y - from.y).atan2(to.x - from.x))
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
        let level = Direction::between(PointF::from_yx(5.0, 1.0), PointF::from_yx(5.0, 9.0));
        assert_eq!(level, Direction::new(0.0));
        assert_eq!((level.u(PointF::from_yx(2.0, 7.0)), level.v(PointF::from_yx(2.0, 7.0))), (7.0, 2.0));
    }

    #[test]
    fn nothing_has_no_reach() {
        assert_eq!(reach([]), None);
        assert_eq!(reach([2.0, -1.0, 0.5]), Some((-1.0, 2.0)));
    }
}
