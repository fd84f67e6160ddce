//! Weights laid out in the order in which the product reads them.

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
/// The panel of a gated layer holds 16 gate columns and the 16 value columns that they gate.
#[derive(Debug)]
pub struct PackedLinear {
    pub(crate) panels: Vec<f32>,
    /// One value per packed column, zero where the layer has no bias.
    pub(crate) bias: Vec<f32>,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) gated: bool,
}

impl PackedLinear {
    /// Lays out `source`. For now every precision is computed in f32.
    ///
    /// # Panics
    /// When the lengths of `source` do not fit its sizes, or a gated layer has an odd number of outputs.
    #[must_use]
    pub fn pack(source: &LinearSource<'_>, _precision: Precision) -> Self {
        let LinearSource { weight, bias, outputs, inputs, gated } = *source;
        assert!(inputs > 0 && outputs > 0, "a linear layer has no {outputs}x{inputs} weights");
        assert_eq!(weight.len(), outputs * inputs, "weights are not outputs x inputs");
        assert!(bias.is_none_or(|b| b.len() == outputs), "bias is not one value per output");
        assert!(
            !gated || outputs.is_multiple_of(2),
            "a gated layer has an even number of outputs, not {outputs}"
        );
        let columns = ColumnOrder { outputs, gated };
        let count = columns.panels();
        let mut panels = vec![0.0; count * inputs * PANEL];
        let mut packed_bias = vec![0.0; count * PANEL];
        for (column, packed_bias) in packed_bias.iter_mut().enumerate() {
            let Some(row) = columns.weight_row(column) else { continue };
            *packed_bias = bias.map_or(0.0, |b| b[row]);
            let first = column / PANEL * inputs * PANEL + column % PANEL;
            for (k, value) in weight[row * inputs..(row + 1) * inputs].iter().enumerate() {
                panels[first + k * PANEL] = *value;
            }
        }
        let outputs = if gated { outputs / 2 } else { outputs };
        Self { panels, bias: packed_bias, inputs, outputs, gated }
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
