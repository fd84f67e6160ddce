//! What an answer is worth.

mod auc;
mod caption;
mod classes;
mod contractions;
mod vqa;

pub use auc::roc_auc;
pub use caption::{bleu4, cider_d};
pub use classes::{mean_per_class, per_class};
pub use vqa::{normalise, vqa_accuracy};
