//! The most probable columns of a row.

use std::cmp::Ordering;

/// What is asked of one row of logits.
pub(crate) struct Best<'a> {
    pub(crate) logits: &'a [f32],
    /// Taken from a logit, it leaves the log-probability.
    pub(crate) normaliser: f32,
    pub(crate) k: usize,
}

/// Columns that are passed over at once when none of them can be among the best.
const BLOCK: usize = 64;

impl Best<'_> {
    /// Best first, ties by lower id, entries as probable as the k-th stay.
    pub(crate) fn select(&self) -> Vec<(u32, f32)> {
        let k = self.k.min(self.logits.len());
        if k == 0 {
            return Vec::new();
        }
        if self.normaliser.is_nan() {
            return (0..k as u32).map(|id| (id, f32::NAN)).collect();
        }
        let room = 2 * k + BLOCK;
        let mut best = Vec::with_capacity(room + BLOCK);
        let mut least = f32::NEG_INFINITY;
        for (block, logits) in self.logits.chunks(BLOCK).enumerate() {
            let greatest = logits.iter().fold(f32::NEG_INFINITY, |a, b| if *b > a { *b } else { a });
            if greatest - self.normaliser < least {
                continue;
            }
            for (id, logit) in ((block * BLOCK) as u32..).zip(logits) {
                let log_prob = logit - self.normaliser;
                if log_prob >= least {
                    best.push((id, log_prob));
                }
            }
            if best.len() > room {
                least = keep(&mut best, k);
            }
        }
        keep(&mut best, k);
        best.sort_unstable_by(|a, b| better(*a, *b));
        best
    }
}

/// Drops all but the best `k` and those as probable as the k-th, whose log-probability is returned.
fn keep(best: &mut Vec<(u32, f32)>, k: usize) -> f32 {
    if best.len() <= k {
        return f32::NEG_INFINITY;
    }
    let (_, (_, least), _) = best.select_nth_unstable_by(k - 1, |a, b| better(*a, *b));
    let least = *least;
    let mut place = 0;
    best.retain(|(_, log_prob)| {
        place += 1;
        // Impossible columns are all alike: they fill up the k places but do not stay beyond them.
        place <= k || (least.is_finite() && log_prob.total_cmp(&least).is_eq())
    });
    least
}

/// Higher probability first, then lower id.
fn better(a: (u32, f32), b: (u32, f32)) -> Ordering {
    b.1.total_cmp(&a.1).then(a.0.cmp(&b.0))
}
