//! Which precision a layer gets.

use super::super::HostLinear;
use crate::{Error, ErrorKind, Result};
use lens_kernels::{LinearSource, PackedLinear, Precision};
use std::sync::{Arc, Mutex, PoisonError};

/// The most that int8 may take from a layer's products; see [`LinearSource::int8_error`]. An ordinary layer loses 0.008; a
/// tower of two dozen layers that lose 0.03 each still has a cosine above 0.998 to f32.
const MOST_INT8_ERROR: f64 = 0.03;

/// The same where what follows makes it worse. bf16 takes 0.002: an ordinary layer is packed in it.
const MOST_WHERE_IT_GROWS: f64 = 0.003;

/// Lays out `host` in `asked`, or in bf16 where int8 would cost it too much. What is chosen depends on the weights alone.
pub(super) fn pack(name: &str, host: &HostLinear, asked: Precision) -> Result<PackedLinear> {
    let bias_fits = host.bias.as_ref().is_none_or(|bias| bias.len() == host.outputs);
    let gate_fits = !host.gated || host.outputs.is_multiple_of(2);
    let magnitudes_fit = host.magnitudes.as_ref().is_none_or(|values| values.len() == host.inputs);
    let sizes_fit = host.outputs > 0 && host.inputs > 0 && host.weight.len() == host.outputs * host.inputs;
    if !(sizes_fit && bias_fits && gate_fits && magnitudes_fit) {
        return Err(Error::new(ErrorKind::Weights, format!("layer `{name}`"))
            .expected(format!("{} x {} weights", host.outputs, host.inputs))
            .found(format!("{} weights", host.weight.len())));
    }
    let source = LinearSource {
        weight: &host.weight,
        bias: host.bias.as_deref(),
        outputs: host.outputs,
        inputs: host.inputs,
        gated: host.gated,
    };
    let most = if host.rounding_grows { MOST_WHERE_IT_GROWS } else { MOST_INT8_ERROR };
    let too_coarse = asked == Precision::Int8 && source.int8_error(host.magnitudes.as_deref()) > most;
    Ok(PackedLinear::pack(&source, if too_coarse { Precision::Bf16 } else { asked }))
}

/// The names of layers in another precision than was asked for; clones of a backend share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Exceptions(Arc<Mutex<Vec<String>>>);

impl Exceptions {
    pub(super) fn note(&self, name: &str, layer: &PackedLinear, asked: Precision) {
        if layer.precision() != asked {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(name.to_owned());
        }
    }

    /// Sorted: layers are loaded several at once.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        names.sort_unstable();
        names.dedup();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 64 x 64 pseudo-random weights; those of input 5 are a 200th of the others where `tail` says so.
    fn host(magnitude: f32, tail: bool) -> HostLinear {
        let weight = |index: usize| {
            let value = ((index * 7919 % 1013) as f32 / 1013.0 - 0.5) * 2.0;
            if tail && index % 64 == 5 { value / 200.0 } else { value }
        };
        let mut magnitudes = vec![1.0; 64];
        magnitudes[5] = magnitude;
        HostLinear {
            weight: (0..64 * 64).map(weight).collect(),
            bias: None,
            outputs: 64,
            inputs: 64,
            gated: false,
            magnitudes: Some(magnitudes),
            rounding_grows: false,
        }
    }

    fn where_rounding_grows(host: HostLinear) -> HostLinear {
        HostLinear { rounding_grows: true, ..host }
    }

    /// Weights that int8 holds exactly.
    fn whole() -> HostLinear {
        HostLinear {
            weight: (0..64 * 64).map(|index| (127 - index % 254) as f32).collect(),
            ..host(1.0, false)
        }
    }

    #[test]
    fn a_layer_that_int8_would_ruin_is_packed_in_bf16_and_named() {
        struct Case(&'static str, HostLinear, Precision, Precision);
        let cases = [
            Case("ordinary", host(1.0, false), Precision::Int8, Precision::Int8),
            // A great input with weights as great as the others: its products are rounded no worse than theirs.
            Case("great input", host(200.0, false), Precision::Int8, Precision::Int8),
            // As much of the result as any other, from weights that one step of the scale is coarser than.
            Case("great input, small weights", host(200.0, true), Precision::Int8, Precision::Bf16),
            Case(
                "what follows enlarges its rounding",
                where_rounding_grows(host(1.0, false)),
                Precision::Int8,
                Precision::Bf16,
            ),
            Case("there is none to enlarge", where_rounding_grows(whole()), Precision::Int8, Precision::Int8),
            Case("asked for f32", host(200.0, true), Precision::F32, Precision::F32),
        ];
        for Case(name, host, asked, expected) in cases {
            let (layer, exceptions) = (pack(name, &host, asked).unwrap(), Exceptions::default());
            exceptions.note(name, &layer, asked);
            assert_eq!(layer.precision(), expected, "{name}");
            let named: &[&str] = if expected == asked { &[] } else { &[name] };
            assert_eq!(exceptions.names(), named);
        }
    }

    #[test]
    fn magnitudes_of_other_inputs_are_refused() {
        let host = HostLinear { magnitudes: Some(vec![1.0; 63]), ..host(1.0, false) };
        assert!(pack("a.b", &host, Precision::Int8).unwrap_err().to_string().contains("layer `a.b`"));
    }
}
