//! Products of activations and packed weights with everything that follows them done before they are stored.

pub(crate) mod bf16;
mod block;
mod epilogue;
mod layout;
mod operand;
mod pack;
mod packed;
pub(crate) mod product;
mod quantise;
mod rounding;
mod split;

pub use epilogue::Epilogue;
pub use layout::LayoutError;
pub(crate) use packed::PANEL;
pub use packed::{LinearSource, PackedLinear, Precision};

use crate::Threads;
use crate::shared::SharedRows;
use crate::simd::TileRows;
use block::Block;
use layout::{Layout, View};
use operand::{Operand, PackTile};
use split::Split;
use std::ops::Range;

/// Activations that one task lays out: the few rows of a decoding step are not worth a second thread. Counted in values,
/// not in words, because rounding four of them to a word of bytes takes longer than copying one.
const VALUES_PER_TASK: usize = 1 << 15;

/// Weights that mostly stay in a second cache of 1 MiB. On two threads the int8 product of 400 x 768 x 768 went from 63 to 75 %
/// of the peak with this, that of 257 x 1024 x 1024 from 74 to 76 %; with greater weights it was not faster.
const NEAR_BYTES: usize = 1 << 20;

/// Tiles for each thread from which the last one that is still at work is waited for but shortly.
const TILES_PER_THREAD: usize = 8;

/// (rows, inputs) -> (rows, outputs): `activation(x W^T + bias) + residual`; of a gated layer,
/// `activation(x Wg^T + bg) * (x Wv^T + bv) + residual`.
///
/// # Panics
/// When `x`, `out` or the residual do not have the sizes of the layer.
pub fn linear(threads: &Threads, x: &[f32], layer: &PackedLinear, epilogue: Epilogue<'_>, out: &mut [f32]) {
    let layer = layer.view();
    let Layout { precision, inputs, outputs, .. } = layer.layout;
    assert!(x.len().is_multiple_of(inputs), "{} activations are not rows of {inputs} inputs", x.len());
    let rows = x.len() / inputs;
    assert_eq!(out.len(), rows * outputs, "result is not {rows} rows of {outputs} outputs");
    assert!(
        epilogue.residual.is_none_or(|r| r.len() == out.len()),
        "residual has not the shape of the result"
    );
    let tile_rows = threads.tier().run(TileRows { precision });
    threads.with_buffer(Operand::size(rows, layer.layout.steps()), |words| {
        let call = Call { threads, x, layer, epilogue, rows, tile_rows, out: &SharedRows::new(out, outputs) };
        if call.weights_stay_near() { call.tile_by_tile(words) } else { call.all_rows_at_once(words) }
    });
}

/// One product: what is multiplied, and where the result goes.
struct Call<'a> {
    threads: &'a Threads,
    x: &'a [f32],
    layer: View<'a>,
    epilogue: Epilogue<'a>,
    rows: usize,
    /// Rows of a register tile.
    tile_rows: usize,
    out: &'a SharedRows<'a>,
}

impl Call<'_> {
    /// Whether a thread may read all weights for every tile: there are enough tiles to keep all threads equally busy.
    fn weights_stay_near(&self) -> bool {
        let layout = self.layer.layout;
        let bytes = layout.panels() * PANEL * layout.steps() * size_of::<u32>();
        bytes <= NEAR_BYTES && self.rows >= self.threads.count() * TILES_PER_THREAD * self.tile_rows
    }

    /// Each task lays out a tile of rows and multiplies it by all weights: threads are handed work once, and what one laid out
    /// no other reads.
    fn tile_by_tile(&self, words: &mut [u32]) {
        let tile_words = Operand::size(self.tile_rows, self.layer.layout.steps());
        self.threads.for_each_chunk(words, tile_words, |tile, words| {
            self.lay_out(tile, words);
            let first = tile * self.tile_rows;
            let operand = self.operand(words, first, self.tile_rows.min(self.rows - first));
            self.multiply(operand, 0..1, 0..self.layer.layout.panels());
        });
    }

    /// First all rows are laid out, then each task multiplies many of them by a few panels, which it reads once.
    fn all_rows_at_once(&self, words: &mut [u32]) {
        let Layout { inputs, .. } = self.layer.layout;
        let tile_words = Operand::size(self.tile_rows, self.layer.layout.steps());
        let tiles = (VALUES_PER_TASK / (self.tile_rows * inputs)).max(1);
        self.threads.for_each_chunk(words, tiles * tile_words, |task, words| {
            for (tile, words) in words.chunks_mut(tile_words).enumerate() {
                self.lay_out(task * tiles + tile, words);
            }
        });
        let operand = self.operand(words, 0, self.rows);
        let split = Split::new(self.threads.count(), &operand, self.layer.layout.panels());
        self.threads.for_each(split.tasks(), |task| {
            let (tiles, panels) = split.task(task);
            self.multiply(operand, tiles, panels);
        });
    }

    fn operand<'w>(&self, words: &'w [u32], first: usize, rows: usize) -> Operand<'w> {
        Operand { words, first, rows, steps: self.layer.layout.steps(), tile_rows: self.tile_rows }
    }

    fn lay_out(&self, tile: usize, out: &mut [u32]) {
        let Layout { precision, inputs, .. } = self.layer.layout;
        let first = tile * self.tile_rows;
        let x = &self.x[first * inputs..self.rows.min(first + self.tile_rows) * inputs];
        self.threads.tier().run(PackTile { precision, x, inputs, out });
    }

    fn multiply(&self, operand: Operand<'_>, tiles: Range<usize>, panels: Range<usize>) {
        let (layer, epilogue, out) = (self.layer, self.epilogue, self.out);
        self.threads.tier().run(Block { operand, layer, epilogue, tiles, panels, out });
    }
}
