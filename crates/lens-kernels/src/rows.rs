//! Moving and adding whole rows.

use crate::Threads;

/// Values of one task: enough work that handing it to a thread is cheap beside it.
const VALUES_PER_TASK: usize = 1 << 15;

/// Rows of `table` (any, columns) by index -> `out` (rows.len(), columns).
///
/// # Panics
/// When an index is outside the table, or the lengths are not whole rows.
pub fn gather(table: &[f32], columns: usize, rows: &[u32], out: &mut [f32]) {
    assert!(columns > 0 && table.len().is_multiple_of(columns), "table is not rows of {columns} columns");
    assert_eq!(out.len(), rows.len() * columns, "result is not one row of {columns} per index");
    let count = table.len() / columns;
    for (row, out) in rows.iter().zip(out.chunks_exact_mut(columns)) {
        let row = *row as usize;
        assert!(row < count, "row {row} of a table of {count}");
        out.copy_from_slice(&table[row * columns..(row + 1) * columns]);
    }
}

/// Adds row `i modulo (rows of table)` of `table` to row `i` of `x`; both have `columns` columns.
///
/// # Panics
/// When the lengths are not whole rows, or the table is empty.
pub fn add_rows(threads: &Threads, x: &mut [f32], table: &[f32], columns: usize) {
    assert!(columns > 0 && x.len().is_multiple_of(columns), "operand is not rows of {columns} columns");
    assert!(
        !table.is_empty() && table.len().is_multiple_of(columns),
        "table is not rows of {columns} columns"
    );
    let repeats = (VALUES_PER_TASK / table.len()).max(1);
    threads.for_each_chunk(x, repeats * table.len(), |_, task| {
        for block in task.chunks_mut(table.len()) {
            block.iter_mut().zip(table).for_each(|(x, value)| *x += value);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gather_copies_rows_in_the_order_asked_for() {
        let mut out = vec![0.0; 6];
        gather(&[0.0, 1.0, 10.0, 11.0, 20.0, 21.0], 2, &[2, 0, 2], &mut out);
        assert_eq!(out, vec![20.0, 21.0, 0.0, 1.0, 20.0, 21.0]);
    }

    #[test]
    fn add_rows_wraps_around_the_table() {
        let mut x = vec![1.0; 6];
        add_rows(&Threads::new(2), &mut x, &[1.0, 2.0, 3.0, 4.0], 2);
        assert_eq!(x, vec![2.0, 3.0, 4.0, 5.0, 2.0, 3.0]);
    }

    #[test]
    #[should_panic(expected = "row 3 of a table of 3")]
    fn gather_refuses_a_row_outside_the_table() {
        gather(&[0.0; 6], 2, &[3], &mut [0.0; 2]);
    }
}
