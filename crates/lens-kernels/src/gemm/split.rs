//! How a product is divided among threads.

use super::operand::Operand;
use std::ops::Range;

/// Tasks per thread, so that a thread that is held up delays the others little.
const TASKS_PER_THREAD: usize = 8;

/// The least work of a task in steps of a row times a panel: some microseconds, far above the cost of handing over.
const LEAST_WORK: usize = 10_000;

/// Rows that a panel read from memory takes as long as.
const ROWS_OF_MEMORY: usize = 6;

/// A grid of blocks, each some tiles of rows by some panels. Which block computes an element does not change it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Split {
    tiles: usize,
    panels: usize,
    tile_groups: usize,
    panel_groups: usize,
}

impl Split {
    pub(crate) fn new(threads: usize, operand: &Operand<'_>, panels: usize) -> Self {
        let tiles = operand.tiles();
        let work = operand.rows.max(ROWS_OF_MEMORY) * operand.steps * panels;
        let tasks = if threads == 1 { 1 } else { (threads * TASKS_PER_THREAD).min(work / LEAST_WORK).max(1) };
        let panel_groups = tasks.min(panels);
        Self { tiles, panels, tile_groups: (tasks / panel_groups).clamp(1, tiles.max(1)), panel_groups }
    }

    pub(crate) fn tasks(&self) -> usize {
        if self.tiles == 0 { 0 } else { self.tile_groups * self.panel_groups }
    }

    /// The tiles and panels of one task.
    pub(crate) fn task(&self, index: usize) -> (Range<usize>, Range<usize>) {
        let part =
            |index: usize, groups: usize, count: usize| index * count / groups..(index + 1) * count / groups;
        let (tile_group, panel_group) = (index / self.panel_groups, index % self.panel_groups);
        (part(tile_group, self.tile_groups, self.tiles), part(panel_group, self.panel_groups, self.panels))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_is_computed_once() {
        for (threads, rows, steps, panels) in
            [(1, 5, 100, 3), (2, 300, 512, 5), (16, 257, 1024, 32), (64, 24, 9999, 1)]
        {
            let operand = Operand { words: &[], first: 0, rows, steps, tile_rows: 12 };
            let split = Split::new(threads, &operand, panels);
            let mut count = vec![0; operand.tiles() * panels];
            for (tiles, columns) in (0..split.tasks()).map(|task| split.task(task)) {
                for tile in tiles {
                    columns.clone().for_each(|panel| count[tile * panels + panel] += 1);
                }
            }
            assert_eq!(count, vec![1; count.len()], "{threads} threads, {rows} rows, {panels} panels");
        }
    }
}
