//! What results look like: as JSON records and as text for people.

mod classification;
mod evidence;
mod record;

pub(crate) use classification::print_classification;
pub(crate) use evidence::print_evidence;
pub(crate) use record::{
    AskedRecord, ClassifiedRecord, ErrorRecord, Reading, SeenRecord, TogetherRecord, TurnRecord,
};

/// `1 picture`, `3 pictures`.
pub(crate) fn pictures(count: u64) -> String {
    format!("{count} picture{}", if count == 1 { "" } else { "s" })
}

/// A size for people: `1.50 MiB`.
pub(crate) fn bytes(count: u64) -> String {
    indicatif::HumanBytes(count).to_string()
}
