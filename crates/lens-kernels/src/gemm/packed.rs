//! Weights laid out in the order in which the product reads them.

use super::bf16;

/// Output columns of one panel.
pub(crate) const PANEL: usize = 32;

/// How the weights of a linear layer are stored and multiplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Precision {
    /// 32-bit floats.
    F32,
    /// bfloat16 weights and activations, summed in f32.
    Bf16,
    /// 8-bit integers: one scale per output column, one per row of activations.
    Int8,
}

impl Precision {
    /// Inputs that share a 32-bit word.
    pub(crate) fn per_word(self) -> usize {
        match self {
            Self::F32 => 1,
            Self::Bf16 => 2,
            Self::Int8 => 4,
        }
    }
}

/// The weights of a linear layer as published files store them.
#[derive(Debug, Clone, Copy)]
pub struct LinearSource<'a> {
    /// Row-major (outputs, inputs).
    pub weight: &'a [f32],
    /// (outputs), or none.
    pub bias: Option<&'a [f32]>,
    /// Number of output features; of a gated pair, both halves together.
    pub outputs: usize,
    /// Number of input features.
    pub inputs: usize,
    /// The first half of the outputs gates the second: `activation(x Wg) * (x Wv)`.
    pub gated: bool,
}

/// A linear layer packed for [`crate::linear`]: panels of 32 output columns, each read once from front to back.
///
/// A panel is a list of steps, a step 32 words, a word the weights of one column for as many inputs as fit 32 bits: one
/// f32, two bf16 or four bytes, the first input in the lowest bits. Inputs and columns that do not fill a word or a
/// panel are zero. The panel of a gated layer holds 16 gate columns and the 16 value columns that they gate.
#[derive(Debug)]
pub struct PackedLinear {
    precision: Precision,
    inputs: usize,
    outputs: usize,
    gated: bool,
    panels: Vec<u32>,
    bias: Vec<f32>,
    scales: Vec<f32>,
    sums: Vec<f32>,
}

/// One panel of a layer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Panel<'a> {
    /// (steps, 32)
    pub(crate) words: &'a [u32],
    /// Zero where the layer has none.
    pub(crate) bias: &'a [f32],
    /// What one unit of an int8 weight is worth; empty in other precisions.
    pub(crate) scales: &'a [f32],
    /// The bits of the i32 sum of the int8 weights of each column; empty in other precisions.
    pub(crate) sums: &'a [f32],
}

impl PackedLinear {
    /// Lays out `source`.
    ///
    /// # Panics
    /// When the lengths of `source` do not fit its sizes, or a gated layer has an odd number of outputs.
    #[must_use]
    pub fn pack(source: &LinearSource<'_>, precision: Precision) -> Self {
        let LinearSource { weight, bias, outputs, inputs, gated } = *source;
        assert!(inputs > 0 && outputs > 0, "a linear layer has no {outputs}x{inputs} weights");
        assert_eq!(weight.len(), outputs * inputs, "weights are not outputs x inputs");
        assert!(bias.is_none_or(|b| b.len() == outputs), "bias is not one value per output");
        assert!(
            !gated || outputs.is_multiple_of(2),
            "a gated layer has an even number of outputs, not {outputs}"
        );
        let order = ColumnOrder { outputs, gated };
        let (columns, steps) = (order.panels() * PANEL, inputs.div_ceil(precision.per_word()));
        let is_int8 = precision == Precision::Int8;
        let mut packed = Self {
            precision,
            inputs,
            outputs: if gated { outputs / 2 } else { outputs },
            gated,
            panels: vec![0; columns * steps],
            bias: vec![0.0; columns],
            scales: vec![0.0; if is_int8 { columns } else { 0 }],
            sums: vec![0.0; if is_int8 { columns } else { 0 }],
        };
        for column in 0..columns {
            let Some(row) = order.weight_row(column) else { continue };
            packed.bias[column] = bias.map_or(0.0, |b| b[row]);
            packed.pack_column(column, &weight[row * inputs..(row + 1) * inputs]);
        }
        packed
    }

    fn pack_column(&mut self, column: usize, weights: &[f32]) {
        let steps = self.steps();
        let panel = &mut self.panels[column / PANEL * steps * PANEL..][..steps * PANEL];
        let words = panel[column % PANEL..].iter_mut().step_by(PANEL);
        match self.precision {
            Precision::F32 => words.zip(weights).for_each(|(word, x)| *word = x.to_bits()),
            Precision::Bf16 => words.zip(weights.chunks(2)).for_each(|(word, pair)| {
                *word = bf16::pair(pair[0], pair.get(1).copied().unwrap_or(0.0));
            }),
            Precision::Int8 => {
                let scale = int8_scale(weights);
                let quantised = |x: &f32| (x / scale).round_ties_even().clamp(-127.0, 127.0) as i8;
                self.scales[column] = scale;
                let sum: i32 = weights.iter().map(|x| i32::from(quantised(x))).sum();
                self.sums[column] = f32::from_bits(sum as u32);
                words.zip(weights.chunks(4)).for_each(|(word, quad)| {
                    let bytes = std::array::from_fn(|i| quad.get(i).map_or(0, |x| quantised(x) as u8));
                    *word = u32::from_le_bytes(bytes);
                });
            }
        }
    }

    /// Columns of the operand.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Columns of the result: half of the weight rows of a gated layer.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// How the layer is multiplied.
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Whether half of the packed columns gates the other half.
    pub(crate) fn gated(&self) -> bool {
        self.gated
    }

    /// Words of one column.
    pub(crate) fn steps(&self) -> usize {
        self.inputs.div_ceil(self.precision.per_word())
    }

    /// Columns of the result that one panel gives.
    pub(crate) fn columns_per_panel(&self) -> usize {
        if self.gated { PANEL / 2 } else { PANEL }
    }

    pub(crate) fn panels(&self) -> usize {
        self.bias.len() / PANEL
    }

    pub(crate) fn panel(&self, index: usize) -> Panel<'_> {
        let (steps, columns) = (self.steps(), index * PANEL..(index + 1) * PANEL);
        Panel {
            words: &self.panels[columns.start * steps..columns.end * steps],
            bias: &self.bias[columns.clone()],
            scales: self.scales.get(columns.clone()).unwrap_or_default(),
            sums: self.sums.get(columns).unwrap_or_default(),
        }
    }
}

/// The weight that int8 127 stands for, over 127. NaN where a weight is not finite, so that the result is NaN too.
fn int8_scale(weights: &[f32]) -> f32 {
    let greatest = weights.iter().fold(0.0f32, |greatest, x| greatest.max(x.abs()));
    match weights.iter().all(|x| x.is_finite()) {
        true if greatest > 0.0 => greatest / 127.0,
        true => 1.0,
        false => f32::NAN,
    }
}

/// Which weight row a packed column holds.
struct ColumnOrder {
    outputs: usize,
    gated: bool,
}

impl ColumnOrder {
    fn panels(&self) -> usize {
        if self.gated { (self.outputs / 2).div_ceil(PANEL / 2) } else { self.outputs.div_ceil(PANEL) }
    }

    /// None: a column that pads the last panel.
    fn weight_row(&self, column: usize) -> Option<usize> {
        if !self.gated {
            return (column < self.outputs).then_some(column);
        }
        let (half, pair) = (self.outputs / 2, PANEL / 2);
        let output = column / PANEL * pair + column % pair;
        let value = column % PANEL >= pair;
        (output < half).then_some(if value { half + output } else { output })
    }
}
