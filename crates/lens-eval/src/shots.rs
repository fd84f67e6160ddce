//! Demonstrations: which training samples stand before a question.

use crate::hash::uniform;
use std::sync::Arc;

/// The `shots` nearest of `pool` by cosine with `query`, the nearest last: it stands beside the question. Of equals, the first
/// of the pool. `same` tells which are the query's own picture and must not be shown.
pub(crate) fn nearest(
    query: &[f32],
    pool: &[Option<Arc<Vec<f32>>>],
    shots: usize,
    same: impl Fn(usize) -> bool,
) -> Vec<usize> {
    let mut scored: Vec<(f32, usize)> = pool
        .iter()
        .enumerate()
        .filter(|(place, _)| !same(*place))
        .filter_map(|(place, embedding)| {
            Some((lens::cosines(query, embedding.as_ref()?).first().copied()?, place))
        })
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut places: Vec<usize> = scored.into_iter().take(shots).map(|(_, place)| place).collect();
    places.reverse();
    places
}

/// `shots` of the pool at random: the same for every sample of a seed. `usable` tells which may be shown.
pub(crate) fn random(seed: u64, ids: &[&str], shots: usize, usable: impl Fn(usize) -> bool) -> Vec<usize> {
    let mut drawn: Vec<(f64, usize)> = ids
        .iter()
        .enumerate()
        .filter(|(place, _)| usable(*place))
        .map(|(place, id)| (uniform(seed, ["demonstration", id]), place))
        .collect();
    drawn.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    drawn.into_iter().take(shots).map(|(_, place)| place).collect()
}

#[cfg(test)]
mod tests {
    use super::{nearest, random};
    use std::sync::Arc;

    #[test]
    fn the_nearest_stands_last_and_the_picture_itself_nowhere() {
        let pool: Vec<_> = [[1.0, 0.0], [0.8, 0.6], [0.0, 1.0], [0.6, 0.8]]
            .iter()
            .map(|row| Some(Arc::new(row.to_vec())))
            .chain([None])
            .collect();
        assert_eq!(nearest(&[1.0, 0.0], &pool, 2, |place| place == 0), [3, 1]);
        assert_eq!(nearest(&[1.0, 0.0], &pool, 9, |_| false).len(), 4);
    }

    #[test]
    fn a_seed_draws_the_same_ones_and_more_shots_hold_fewer() {
        let ids = ["a", "b", "c", "d", "e"];
        let three = random(7, &ids, 3, |_| true);
        assert_eq!(three, random(7, &ids, 3, |_| true));
        assert_eq!(three[..1], random(7, &ids, 1, |_| true));
        assert!(!random(7, &ids, 5, |place| place != 2).contains(&2));
    }
}
