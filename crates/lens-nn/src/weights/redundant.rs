//! Tensors that real files carry although no computation needs them.

use super::Tensors;

/// A rule that allows tensors to stay unread. In a pattern, `*` stands for any run of characters, dots included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redundant<'a> {
    /// Tensors that match the pattern are not part of this model: buffers (`"*.position_ids"`), or the other tower of
    /// a file that holds two (`"vision_model.*"`).
    Ignored(&'a str),
    /// The tensor `name` repeats `of`, bit for bit: a tied weight that was stored twice. Does not apply where the
    /// file has no `of`.
    CopyOf {
        /// The redundant tensor.
        name: &'a str,
        /// The tensor that the model reads.
        of: &'a str,
    },
}

impl Redundant<'_> {
    /// Whether the rule is about the tensor `name`.
    pub(super) fn covers(&self, name: &str, tensors: &Tensors) -> bool {
        match *self {
            Self::Ignored(pattern) => matches(pattern, name),
            Self::CopyOf { name: copy, of } => copy == name && tensors.contains(of),
        }
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut tail) = name.strip_prefix(head) else { return false };
    // The pieces between two stars take their first place, the last piece takes the end.
    let mut pieces = rest.split('*');
    let last = pieces.next_back().unwrap_or_default();
    for piece in pieces {
        match tail.split_once(piece) {
            Some((_, after)) => tail = after,
            None => return false,
        }
    }
    tail.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn star_stands_for_any_run() {
        struct Case(&'static str, &'static str, bool);
        let cases = [
            Case("logit_scale", "logit_scale", true),
            Case("logit_scale", "logit_scale_2", false),
            Case("*.position_ids", "text_model.embeddings.position_ids", true),
            Case("*.position_ids", "position_ids", false),
            Case("vision_model.*", "vision_model.encoder.layers.0.mlp.fc1.weight", true),
            Case("vision_model.*", "text_model.final_layer_norm.weight", false),
            Case("block.*.layer.*.bias", "block.11.layer.0.bias", true),
            Case("block.*.layer.*.bias", "block.11.bias", false),
            Case("a*a", "a", false),
            Case("*", "", true),
            Case("a**b", "ab", true),
        ];
        for Case(pattern, name, expected) in cases {
            assert_eq!(matches(pattern, name), expected, "{pattern} on {name}");
        }
    }
}
