//! The names of classes.

use crate::{Flaw, FlawKind};
use std::collections::{BTreeMap, HashMap};

/// Numbers of classes by their names in the files.
pub(super) struct ClassTable(HashMap<String, usize>);

impl ClassTable {
    pub(super) fn new(names: &[String]) -> Self {
        Self(names.iter().cloned().zip(0..).collect())
    }

    /// # Errors
    /// The label is none of the classes.
    pub(super) fn find(&self, label: &str) -> Result<usize, Flaw> {
        self.0.get(label).copied().ok_or_else(|| outside(label, self.0.len()))
    }

    /// # Errors
    /// The number is none of a class.
    pub(super) fn check(&self, number: i64) -> Result<usize, Flaw> {
        let class = usize::try_from(number).ok().filter(|class| *class < self.0.len());
        class.ok_or_else(|| outside(&number.to_string(), self.0.len()))
    }
}

fn outside(label: &str, classes: usize) -> Flaw {
    Flaw::new(FlawKind::LabelOutsideList, format!("the label `{label}` is none of the {classes} classes"))
}

/// Classes in the words that are asked and answered.
pub(super) fn renamed(rename: &BTreeMap<String, String>, classes: Vec<String>) -> Vec<String> {
    let word = |class: String| rename.get(&class).cloned().unwrap_or(class);
    classes.into_iter().map(word).collect()
}
