//! The tags that are listed for one picture, and their probabilities under a temperature.

/// The logits of a whole vocabulary for one picture, and which of its texts are listed.
pub(super) struct Listing {
    logits: Vec<f32>,
    /// (place in the vocabulary, whether it is true), best first.
    listed: Vec<(usize, bool)>,
}

impl Listing {
    /// Lists the texts as the tagger does: at most `top_k`, none whose cosine is below `threshold`; of equals, the first.
    pub(super) fn new(
        cosines: Vec<f32>,
        scale: f32,
        (top_k, threshold): (usize, f32),
        right: impl Fn(usize) -> bool,
    ) -> Self {
        let mut order: Vec<(f32, usize)> = cosines.iter().copied().zip(0..).collect();
        order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let listed = order.into_iter().take(top_k).filter(|(cosine, _)| *cosine >= threshold);
        let listed = listed.map(|(_, place)| (place, right(place))).collect();
        let logits = cosines.into_iter().map(|cosine| cosine * scale).collect();
        Self { logits, listed }
    }

    /// (probability among the whole vocabulary, whether it is true) of each listed text.
    pub(super) fn statements(&self, temperature: f64) -> impl Iterator<Item = (f64, bool)> {
        let largest = self.logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let weight = move |logit: f32| (f64::from(logit - largest) / temperature).exp();
        let sum: f64 = self.logits.iter().map(|logit| weight(*logit)).sum();
        let probability =
            move |place: usize| self.logits.get(place).map_or(0.0, |logit| weight(*logit) / sum);
        self.listed.iter().map(move |(place, right)| (probability(*place), *right))
    }
}

#[cfg(test)]
mod tests {
    use super::Listing;
    use crate::calibrate::fitted;

    #[test]
    fn the_best_texts_are_listed_with_the_probability_among_all() {
        let listing = Listing::new(vec![0.1, 0.9, 0.5, 0.9], 2.0, (3, 0.4), |place| place == 2);
        let all: f64 = [0.2f64, 1.8, 1.0, 1.8].iter().map(|logit| (logit / 2.0).exp()).sum();
        let expected = [(0.9f64.exp() / all, false), (0.9f64.exp() / all, false), (0.5f64.exp() / all, true)];
        for ((found, right), (p, expected)) in listing.statements(2.0).zip(expected) {
            assert!((found - p).abs() < 1e-6 && right == expected, "{found} {right}");
        }
        assert_eq!(listing.statements(2.0).count(), 3);
        let few = Listing::new(vec![0.1, 0.9, 0.5], 2.0, (3, 0.6), |_| true);
        assert_eq!(few.statements(1.0).count(), 1, "two lie below the threshold");
    }

    #[test]
    fn overconfident_tags_are_cooled() {
        // Logits 4 and 0, and the first is true three times in four: p = 3/4 needs 4 / T = ln 3.
        let picture = |i: u32| Listing::new(vec![0.4, 0.0], 10.0, (1, -1.0), move |_| !i.is_multiple_of(4));
        let found = fitted(&(0..100).map(picture).collect::<Vec<_>>()).unwrap();
        assert!((f64::from(found.temperature) - 4.0 / 3f64.ln()).abs() < 1e-3, "{found:?}");
        assert!(found.error_after < 0.001 && found.error_before > 0.2, "{found:?}");
    }

    #[test]
    fn several_tags_of_a_picture_may_be_true() {
        // Two equal texts share the probability, and both are true: 1/2 is the most that softmax can say of them.
        let pictures: Vec<Listing> =
            (0..10).map(|_| Listing::new(vec![0.9, 0.9, 0.0], 10.0, (2, -1.0), |_| true)).collect();
        let found = fitted(&pictures).unwrap();
        assert_eq!((found.samples, found.statements), (10, 20));
        assert!((found.error_after - 0.5).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn too_little_is_told() {
        assert!(fitted(&[Listing::new(vec![0.9, 0.5], 10.0, (2, -1.0), |_| true)]).is_none());
    }
}
