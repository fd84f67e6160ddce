//! Hateful Memes: one JSON object for each line, with the path of the picture, the label and the written text.

use super::{Found, ImageRef, Place, Row, Sample, Truth, classes::ClassTable, vqa::plain};
use crate::{Flaw, FlawKind, files};
use lens::Result;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Entry {
    id: Value,
    img: String,
    label: Option<i64>,
    #[serde(default)]
    text: String,
}

pub(super) fn read(place: &Place<'_>) -> Result<Found> {
    let pattern = place.task.data.files.first().map_or("{split}.jsonl", String::as_str);
    let text = files::read_text(&place.path(pattern))?;
    let classes = place.task.data.classes.clone();
    let table = ClassTable::new(&classes);
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let rows = lines.map(|(number, line)| match serde_json::from_str::<Entry>(line) {
        Ok(entry) => Row::new(plain(&entry.id), sample(place, entry, &table)),
        Err(error) => {
            let name = format!("line {}", number + 1);
            let flaw = Flaw::new(FlawKind::InvalidJson, format!("{name}: {error}"));
            Row::new(name, Err(flaw))
        }
    });
    Ok(Found { rows: rows.collect(), classes, ..Found::default() })
}

fn sample(place: &Place<'_>, entry: Entry, table: &ClassTable) -> Result<Sample, Flaw> {
    let label = entry.label.ok_or_else(|| Flaw::new(FlawKind::MissingField, "no label"))?;
    let image = ImageRef::File(place.root.join(entry.img));
    let truth = Truth::Class(table.check(label)?);
    Ok(Sample { text: Some(entry.text), ..Sample::new(image, truth) })
}
