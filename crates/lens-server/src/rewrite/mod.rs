//! Pictures in a chat request become text; every other byte stays.
//!
//! Works on the text of the request, not on a parsed copy of it: numbers, unknown fields, order and white space
//! reach the upstream as the client wrote them.

mod block;
mod fields;
mod find;
mod wish;

#[cfg(test)]
mod tests;

pub(crate) use block::{Block, Blocks};
pub(crate) use fields::Fields;
pub(crate) use find::{ImagePart, find};
pub(crate) use wish::Wish;

use crate::error::{AppError, AppResult};
use serde_json::value::RawValue;

/// The field of a request that is addressed to this server.
const OWN_FIELD: &str = "lens";

/// Replaces each part by a text part and takes the server's own field out.
pub(crate) fn replace(body: &str, parts: &[ImagePart], texts: &[String]) -> AppResult<String> {
    let mut rewritten = String::with_capacity(texts.iter().map(String::len).sum::<usize>() + 4096);
    let mut copied = 0;
    for (part, text) in parts.iter().zip(texts) {
        rewritten.push_str(body.get(copied..part.range.start).unwrap_or_default());
        rewritten.push_str(&text_part(text, &part.kept));
        copied = part.range.end;
    }
    rewritten.push_str(body.get(copied..).unwrap_or_default());
    without_own_field(rewritten)
}

/// `kept` holds the part's other fields, such as `cache_control`, each with a comma before it.
fn text_part(text: &str, kept: &str) -> String {
    format!("{{\"type\":\"text\",\"text\":{}{kept}}}", serde_json::Value::from(text))
}

fn without_own_field(body: String) -> AppResult<String> {
    let fields = Fields::parse(&body)?;
    if fields.get(OWN_FIELD).is_none() {
        return Ok(body);
    }
    let others: Vec<String> = fields
        .iter()
        .filter(|(name, _)| *name != OWN_FIELD)
        .map(|(name, value)| member(name, value))
        .collect();
    Ok(format!("{{{}}}", others.join(",")))
}

fn member(name: &str, value: &RawValue) -> String {
    format!("{}:{}", serde_json::Value::from(name), value.get())
}

/// The wishes in the server's own field.
pub(crate) fn wish(body: &str) -> AppResult<Wish> {
    Fields::parse(body)?.get(OWN_FIELD).map_or_else(
        || Ok(Wish::default()),
        |own| {
            serde_json::from_str(own.get())
                .map_err(|error| AppError::bad(format!("the field `{OWN_FIELD}`: {error}")))
        },
    )
}
