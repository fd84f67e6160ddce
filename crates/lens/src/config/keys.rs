//! The keys that exist: those of the default text.

use super::DEFAULT_TEXT;
use crate::{Error, ErrorKind, Result};
use toml::{Table, Value};

/// The default settings as a table.
pub(super) fn defaults() -> Result<Table> {
    DEFAULT_TEXT.parse().map_err(|error: toml::de::Error| {
        Error::new(ErrorKind::Internal, "the default settings").because(error)
    })
}

/// The keys of all values in `table`, dotted: `tags.top_k`.
pub(super) fn leaves(table: &Table) -> Vec<String> {
    let mut keys = Vec::new();
    for (name, value) in table {
        match value {
            Value::Table(section) => {
                keys.extend(leaves(section).into_iter().map(|leaf| format!("{name}.{leaf}")));
            }
            _ => keys.push(name.clone()),
        }
    }
    keys
}

/// The value of a dotted key.
pub(super) fn get<'a>(table: &'a Table, key: &str) -> Option<&'a Value> {
    match key.split_once('.') {
        Some((section, rest)) => get(table.get(section)?.as_table()?, rest),
        None => table.get(key),
    }
}

/// The existing key most like `wanted`: by all of it, or by its last part in another section.
pub(super) fn nearest(table: &Table, wanted: &str) -> Option<String> {
    let last = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let distances = |key: &String| {
        let whole = edits(key, wanted);
        (whole.min(edits(&last(key), &last(wanted)) + 1), whole)
    };
    let nearest = leaves(table).into_iter().min_by_key(distances)?;
    (distances(&nearest).0 <= 1 + wanted.chars().count() / 3).then_some(nearest)
}

/// Levenshtein distance: letters to insert, remove or replace.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for ((to, both), remove) in b.iter().zip(&row).zip(row.iter().skip(1)) {
            let insert = next.last().copied().unwrap_or_default();
            next.push((both + usize::from(from != *to)).min(remove + 1).min(insert + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
