//! A-OKVQA: one JSON list with questions and ten direct answers.

use super::{
    Place, Row,
    vqa::{asked, image, json, plain},
};
use crate::{Flaw, FlawKind};
use lens::Result;
use serde::Deserialize;
use serde_json::Value;
use std::path::Path;

#[derive(Deserialize)]
struct Entry {
    question_id: Value,
    image_id: Value,
    question: String,
    #[serde(default)]
    direct_answers: Vec<String>,
}

pub(super) fn read(place: &Place<'_>, path: &Path) -> Result<Vec<Row>> {
    let entries: Vec<Value> = json(path)?;
    let row = |(number, entry): (usize, Value)| match serde_json::from_value::<Entry>(entry) {
        Err(error) => {
            Row::new(format!("entry {number}"), Err(Flaw::new(FlawKind::InvalidJson, error.to_string())))
        }
        Ok(entry) => {
            let id = plain(&entry.question_id);
            let sample = if entry.direct_answers.is_empty() {
                Err(Flaw::new(FlawKind::MissingField, format!("question {id} has no direct answers")))
            } else {
                Ok(asked(image(place, &entry.image_id), entry.question, entry.direct_answers))
            };
            Row::new(id, sample)
        }
    };
    Ok(entries.into_iter().enumerate().map(row).collect())
}
