//! From what a system said to what it is worth.

mod close_ended;
mod judge;
mod matching;

pub(crate) use close_ended::with_lengths;
pub use close_ended::{Likelihoods, likelihoods};
pub use judge::{Basis, Judged, Ranking, Scores, judge};
pub use matching::matched;
