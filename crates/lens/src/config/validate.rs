//! Ranges that types do not express.

use super::Config;
use crate::{Error, ErrorKind, Result};

pub(super) fn validate(config: &Config, layer: &str) -> Result<()> {
    let Config { tags, attributes, labels, captions, answer, ocr, .. } = config;
    let around_a_label = labels.template.as_deref().unwrap_or("{}");
    let rules = [
        ("tags.top_k", tags.top_k >= 1, "1 or more", tags.top_k.to_string()),
        ("attributes.top_k", attributes.top_k >= 1, "1 or more", attributes.top_k.to_string()),
        ("tags.threshold", is_cosine(tags.threshold), "a number from -1 to 1", tags.threshold.to_string()),
        (
            "attributes.threshold",
            is_cosine(attributes.threshold),
            "a number from -1 to 1",
            attributes.threshold.to_string(),
        ),
        (
            "labels.template",
            around_a_label.contains("{}"),
            "a text with {} in it",
            format!("`{around_a_label}`"),
        ),
        ("captions.beams", captions.beams >= 1, "1 or more", captions.beams.to_string()),
        ("captions.top_k", captions.top_k >= 1, "1 or more", captions.top_k.to_string()),
        (
            "captions.temperature",
            captions.temperature.is_finite() && captions.temperature > 0.0,
            "a number above 0",
            captions.temperature.to_string(),
        ),
        (
            "captions.max_length",
            captions.max_length >= captions.min_length,
            "at least captions.min_length",
            captions.max_length.to_string(),
        ),
        ("ocr.max_side", ocr.max_side >= 32, "32 or more", ocr.max_side.to_string()),
        ("answer.beams", answer.beams >= 1, "1 or more", answer.beams.to_string()),
        (
            "answer.length_penalty",
            answer.length_penalty.is_finite(),
            "a number",
            answer.length_penalty.to_string(),
        ),
        (
            "answer.temperature",
            answer.temperature.is_finite() && answer.temperature >= 0.0,
            "0 or more",
            answer.temperature.to_string(),
        ),
    ];
    match rules.into_iter().find(|(_, holds, ..)| !holds) {
        None => Ok(()),
        Some((key, _, expected, found)) => {
            Err(Error::new(ErrorKind::Config, format!("{layer}, key `{key}`"))
                .expected(expected)
                .found(found))
        }
    }
}

fn is_cosine(value: f32) -> bool {
    (-1.0..=1.0).contains(&value)
}
