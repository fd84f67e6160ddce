//! A module that is wanted and not there.

use crate::{Fingerprint, Item, Look, Module, Result};

/// Says in every record why nothing was looked for, so that silence is not taken for absence.
#[derive(Debug, Clone)]
pub struct AbsentModule {
    name: &'static str,
    why: String,
}

impl AbsentModule {
    /// Stands in for the module `name`; `why` is one sentence for a person.
    #[must_use]
    pub fn new(name: &'static str, why: impl Into<String>) -> Self {
        Self { name, why: why.into() }
    }
}

impl Module for AbsentModule {
    fn name(&self) -> &str {
        self.name
    }

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::new().with("absent", &self.why)
    }

    fn see(&self, looks: &[Look], sink: &mut dyn FnMut(usize, Item)) -> Result<()> {
        (0..looks.len()).for_each(|index| sink(index, Item::Note(self.why.clone())));
        Ok(())
    }
}
