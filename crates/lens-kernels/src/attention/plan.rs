//! Which queries are computed together.

use super::shape::{AttentionShape, Span};
use std::ops::Range;

/// Queries that see the same keys.
#[derive(Debug)]
pub(crate) struct Group {
    /// Places in [`Plan::rows`].
    pub(crate) queries: Range<usize>,
    /// Position of the first query.
    pub(crate) position: usize,
    /// Rows of the keys; not empty.
    pub(crate) keys: Range<usize>,
}

/// The work of one attention.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Query rows, group by group.
    pub(crate) rows: Vec<u32>,
    pub(crate) groups: Vec<Group>,
}

impl Plan {
    /// Spans with the same keys become one group where a query's position does not matter.
    pub(crate) fn new(shape: AttentionShape<'_>, spans: &[Span]) -> Self {
        let positions = shape.causal || shape.bias.is_some();
        let mut order: Vec<&Span> =
            spans.iter().filter(|s| !s.keys.is_empty() && !s.queries.is_empty()).collect();
        if !positions {
            order.sort_by_key(|span| (span.keys.start, span.keys.end));
        }
        let mut plan = Self::default();
        for span in order {
            let first = plan.rows.len();
            plan.rows.extend(span.queries.start as u32..span.queries.end as u32);
            match plan.groups.last_mut() {
                Some(group) if !positions && group.keys == span.keys => group.queries.end = plan.rows.len(),
                _ => plan.groups.push(Group {
                    queries: first..plan.rows.len(),
                    position: shape.first_position(span.queries.len(), span.keys.len()),
                    keys: span.keys.clone(),
                }),
            }
        }
        plan
    }

    /// Products of one head: queries times keys, summed over the groups.
    pub(crate) fn pairs(&self) -> usize {
        self.groups.iter().map(|group| group.queries.len() * group.keys.len()).sum()
    }
}
