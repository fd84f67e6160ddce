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
use layout::Layout;
use operand::{Operand, PackTile};
use split::Split;

/// Activations that one task lays out: the few rows of a decoding step are not worth a second thread. Counted in values,
/// not in words, because rounding four of them to a word of bytes takes longer than copying one.
const VALUES_PER_TASK: usize = 1 << 15;

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
    let tier = threads.tier();
    let steps = layer.layout.steps();
    let tile_rows = tier.run(TileRows { precision });
    threads.with_buffer(Operand::size(rows, steps), |words| {
        let tile_words = Operand::size(tile_rows, steps);
        let tiles = (VALUES_PER_TASK / (tile_rows * inputs)).max(1);
        threads.for_each_chunk(words, tiles * tile_words, |task, words| {
            for (tile, out) in words.chunks_mut(tile_words).enumerate() {
                let first = (task * tiles + tile) * tile_rows;
                let x = &x[first * inputs..rows.min(first + tile_rows) * inputs];
                tier.run(PackTile { precision, x, inputs, out });
            }
        });
        let operand = Operand { words, rows, steps, tile_rows };
        let split = Split::new(threads.count(), &operand, layer.layout.panels());
        let out = &SharedRows::new(out, outputs);
        threads.for_each(split.tasks(), |task| {
            let (tiles, panels) = split.task(task);
            tier.run(Block { operand, layer, epilogue, tiles, panels, out });
        });
    });
}
