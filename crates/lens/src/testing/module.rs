//! A module that always sees the same.

use crate::{Fingerprint, Item, Look, Module, Result};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Sees the same items in every picture and counts the pictures.
#[derive(Debug, Default)]
pub struct FakeModule {
    name: String,
    items: Vec<Item>,
    looks: AtomicUsize,
}

impl FakeModule {
    /// A module that sees `items` everywhere; they are part of its fingerprint.
    #[must_use]
    pub fn seeing(name: &str, items: Vec<Item>) -> Self {
        Self { name: name.to_owned(), items, looks: AtomicUsize::new(0) }
    }

    /// Pictures looked at so far.
    #[must_use]
    pub fn looks(&self) -> usize {
        self.looks.load(Ordering::Relaxed)
    }
}

impl Module for FakeModule {
    fn name(&self) -> &str {
        &self.name
    }

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::new().with("model", "fake").with("items", &format!("{:?}", self.items))
    }

    fn see(&self, looks: &[Look], sink: &mut dyn FnMut(usize, Item)) -> Result<()> {
        self.looks.fetch_add(looks.len(), Ordering::Relaxed);
        for index in 0..looks.len() {
            self.items.iter().for_each(|item| sink(index, item.clone()));
        }
        Ok(())
    }
}
