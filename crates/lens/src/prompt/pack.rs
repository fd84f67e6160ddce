//! Fits the evidence into what the model reads.
//!
//! The question and the template's own words are never cut. Items leave one by one, each list from its end (the
//! worst tag, the last line): first those above the floors, always from the longest rest; then the oldest turns of
//! the conversation; last, where even the floors are too long, those below.

use super::Turn;
use crate::evidence::Evidence;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// How many items of each kind and picture stay as long as anything else can go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Floors {
    /// Tags.
    pub tags: usize,
    /// Attributes.
    pub attributes: usize,
    /// Captions.
    pub captions: usize,
    /// Lines of text.
    pub ocr: usize,
}

impl Default for Floors {
    fn default() -> Self {
        Self { tags: 3, attributes: 2, captions: 2, ocr: 4 }
    }
}

/// Something that a prompt may go without.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Removal {
    /// (index of the picture, id)
    Item(usize, String),
    /// The oldest turn that is left.
    OldestTurn,
}

/// What a prompt leaves out.
#[derive(Debug, Default)]
pub(super) struct Selection {
    dropped: HashSet<(usize, String)>,
    pub(super) turns_dropped: usize,
}

impl Selection {
    pub(super) fn without(removals: &[Removal]) -> Self {
        let mut selection = Self::default();
        for removal in removals {
            match removal {
                Removal::Item(picture, id) => _ = selection.dropped.insert((*picture, id.clone())),
                Removal::OldestTurn => selection.turns_dropped += 1,
            }
        }
        selection
    }

    pub(super) fn keeps(&self, picture: usize, id: &str) -> bool {
        // No allocation for the common case: nothing dropped.
        self.dropped.is_empty() || !self.dropped.contains(&(picture, id.to_owned()))
    }
}

/// One list of items of one picture: the ids that are left, best first, and how many of them stay.
struct List {
    picture: usize,
    ids: Vec<String>,
    floor: usize,
}

/// Everything that can go, in the order in which it goes.
pub(super) fn removals(pictures: &[&Evidence], history: &[Turn], floors: Floors) -> Vec<Removal> {
    let mut lists: Vec<List> = pictures
        .iter()
        .enumerate()
        .flat_map(|(picture, evidence)| lists(picture, evidence, floors))
        .collect();
    let mut order = shorten(&mut lists);
    order.extend(history.iter().map(|_| Removal::OldestTurn));
    for list in &mut lists {
        list.floor = 0;
    }
    order.extend(shorten(&mut lists));
    order
}

fn lists(picture: usize, evidence: &Evidence, floors: Floors) -> [List; 4] {
    let list = |ids: Vec<String>, floor| List { picture, ids, floor };
    [
        list(evidence.tags.iter().map(|item| item.id.clone()).collect(), floors.tags),
        list(evidence.captions.iter().map(|item| item.id.clone()).collect(), floors.captions),
        list(evidence.ocr.iter().map(|item| item.id.clone()).collect(), floors.ocr),
        list(evidence.attributes.iter().map(|item| item.id.clone()).collect(), floors.attributes),
    ]
}

/// Takes the last item of the list that has most above its floor, until none has any; of equals, the last list.
fn shorten(lists: &mut [List]) -> Vec<Removal> {
    let mut order = Vec::new();
    while let Some(list) = lists.iter_mut().max_by_key(|list| list.ids.len().saturating_sub(list.floor)) {
        if list.ids.len() <= list.floor {
            break;
        }
        order.extend(list.ids.pop().map(|id| Removal::Item(list.picture, id)));
    }
    order
}
