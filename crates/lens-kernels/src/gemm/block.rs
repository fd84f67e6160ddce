//! One task of a product: some rows of activations times some panels of weights, finished and stored.

use super::epilogue::Epilogue;
use super::layout::{Panel, View};
use super::operand::{Operand, Tile};
use super::packed::{PANEL, Precision};
use super::product::{self, Bf16, F32, Int8, MAX_ROWS, Product, TileSums};
use crate::shared::SharedRows;
use crate::simd::{Kernel, Simd, math};
use std::ops::Range;

/// A block of the result of [`crate::linear`].
pub(crate) struct Block<'a> {
    pub(crate) operand: Operand<'a>,
    pub(crate) layer: View<'a>,
    pub(crate) epilogue: Epilogue<'a>,
    pub(crate) tiles: Range<usize>,
    pub(crate) panels: Range<usize>,
    /// (rows, outputs). No other task has the same tiles and panels.
    pub(crate) out: &'a SharedRows<'a>,
}

impl Kernel for Block<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        match self.layer.layout.precision {
            Precision::F32 => self.multiply::<S, F32>(simd),
            Precision::Bf16 => self.multiply::<S, Bf16>(simd),
            Precision::Int8 => self.multiply::<S, Int8>(simd),
        }
    }
}

impl Block<'_> {
    /// Panels outside, tiles of rows inside: a panel is read from memory once and from the second cache for each tile.
    #[inline(always)]
    fn multiply<S: Simd, P: Product>(&self, simd: S) {
        let mut sums: TileSums = [0.0; MAX_ROWS * PANEL];
        for index in self.panels.clone() {
            let panel = self.layer.panel(index);
            for tile in self.tiles.clone() {
                let tile = self.operand.tile(tile);
                let weights = (panel.words.as_ptr(), PANEL);
                assert_eq!(
                    panel.words.len(),
                    self.operand.steps * PANEL,
                    "a panel has the steps of its operand"
                );
                // SAFETY: both hold `steps` steps, the tile of `rows` words and the panel of 32.
                unsafe {
                    product::tile::<S, P, 2>(
                        simd,
                        (tile.rows, PANEL),
                        tile.layout(),
                        weights,
                        self.operand.steps,
                        &mut sums,
                    );
                }
                for (row, sums) in sums.as_chunks().0[..tile.rows].iter().enumerate() {
                    self.finish_row::<S, P>(simd, &tile, row, (index, panel), sums);
                }
            }
        }
    }

    /// Bias, activation, gate and residual of one row of a tile.
    #[inline(always)]
    fn finish_row<S: Simd, P: Product>(
        &self,
        simd: S,
        tile: &Tile<'_>,
        row: usize,
        (index, panel): (usize, Panel<'_>),
        sums: &[f32; PANEL],
    ) {
        let (width, outputs) = (self.layer.layout.columns_per_panel(), self.layer.layout.outputs);
        let columns = index * width..outputs.min((index + 1) * width);
        // SAFETY: this task alone has this tile and this panel.
        let out = unsafe { self.out.segment(tile.first + row, columns.clone()) };
        let first = (tile.first + row) * outputs + columns.start;
        let residual = match self.epilogue.residual {
            Some(residual) => &residual[first..first + columns.len()],
            None => &[],
        };
        let activation = self.epilogue.activation;
        if let Some(out) = out.as_chunks_mut::<PANEL>().0.first_mut() {
            for (vector, out) in out.chunks_exact_mut(S::LANES).enumerate() {
                let column = vector * S::LANES;
                let mut value = with_bias::<S, P>(simd, tile, row, panel, sums, column);
                value = math::activate(simd, activation, value);
                if !residual.is_empty() {
                    value = simd.add(value, simd.load(&residual[column..]));
                }
                simd.store(out, value);
            }
            return;
        }
        for (vector, out) in out.chunks_mut(S::LANES).enumerate() {
            let column = vector * S::LANES;
            let mut value = with_bias::<S, P>(simd, tile, row, panel, sums, column);
            value = math::activate(simd, activation, value);
            if self.layer.layout.gated {
                value = simd.mul(value, with_bias::<S, P>(simd, tile, row, panel, sums, column + width));
            }
            if !residual.is_empty() {
                let residual = &residual[column..column + out.len()];
                value = simd.add(value, load(simd, residual));
            }
            if out.len() == S::LANES { simd.store(out, value) } else { simd.store_part(out, value) }
        }
    }
}

#[inline(always)]
fn load<S: Simd>(simd: S, x: &[f32]) -> S::Floats {
    if x.len() == S::LANES { simd.load(x) } else { simd.load_part(x, 0.0) }
}

/// One vector of the product with the bias added.
#[inline(always)]
fn with_bias<S: Simd, P: Product>(
    simd: S,
    tile: &Tile<'_>,
    row: usize,
    panel: Panel<'_>,
    sums: &[f32; PANEL],
    column: usize,
) -> S::Floats {
    let mut value = simd.load(&sums[column..]);
    if P::KIND == Int8::KIND {
        let weight_sums = simd.load_words(&panel.sums[column..]);
        let zero = simd.splat_word(tile.zero(row));
        let centred = simd.sub_product(simd.floats_as_words(value), zero, weight_sums);
        let units = simd.load(&panel.scales[column..]);
        value = simd.mul(simd.to_floats(centred), simd.mul(simd.splat(tile.scale(row)), units));
        for &[input, bits] in tile.outliers(row) {
            let weights = simd.load_words(&panel.words[input as usize / 4 * PANEL + column..]);
            let weights = simd.to_floats(simd.signed_byte(weights, input % 4));
            value = simd.fma(simd.mul(weights, units), simd.splat(f32::from_bits(bits)), value);
        }
    }
    simd.add(value, simd.load(&panel.bias[column..]))
}
