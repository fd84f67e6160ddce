//! Accuracy class by class.

use std::collections::BTreeMap;

/// For each class that occurs: (right, all). `outcomes` holds (true class, value in 0..=1).
#[must_use]
pub fn per_class<'a>(outcomes: impl IntoIterator<Item = (&'a str, f64)>) -> BTreeMap<&'a str, (f64, usize)> {
    let mut classes: BTreeMap<&str, (f64, usize)> = BTreeMap::new();
    for (class, value) in outcomes {
        let entry = classes.entry(class).or_default();
        entry.0 += value;
        entry.1 += 1;
    }
    classes
}

/// The mean of the recalls of the classes that occur; 0 without any.
#[must_use]
pub fn mean_per_class<'a>(outcomes: impl IntoIterator<Item = (&'a str, f64)>) -> f64 {
    let classes = per_class(outcomes);
    let recalls = classes.values().map(|(right, all)| right / *all as f64);
    recalls.sum::<f64>() / classes.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::mean_per_class;

    #[test]
    fn a_small_class_counts_as_much_as_a_large_one() {
        let outcomes = [("cat", 1.0), ("cat", 1.0), ("cat", 0.0), ("cat", 1.0), ("dog", 0.0)];
        assert!((mean_per_class(outcomes) - 0.375).abs() < 1e-12); // (3/4 + 0) / 2
    }
}
