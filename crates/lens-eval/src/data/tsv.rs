//! VLMEvalKit's tables: `index`, `image` in base64 (or the index of the row that holds it), `question`, `answer`, and `A` to
//! `Z` where the question is multiple choice.

use super::{Found, ImageRef, Place, Row, Sample, Truth};
use crate::{Flaw, FlawKind};
use base64::{Engine, prelude::BASE64_STANDARD};
use csv::StringRecord;
use lens::{Error, ErrorKind, Result};
use std::{collections::HashMap, path::PathBuf, sync::Arc};

/// Shorter texts in the column of pictures are the index of another row.
const SHORTEST_PICTURE: usize = 64;

pub(super) fn read(place: &Place<'_>) -> Result<Found> {
    let path = path(place);
    let refuse = |error: csv::Error| {
        Error::new(ErrorKind::Input, path.display().to_string())
            .expected("a table with tabs between its columns")
            .found(error.to_string())
            .because(error)
    };
    let mut reader = csv::ReaderBuilder::new().delimiter(b'\t').from_path(&path).map_err(refuse)?;
    let columns = reader.headers().map_err(refuse)?.clone();
    let mut images = HashMap::new();
    let mut rows = Vec::new();
    for (number, record) in reader.records().enumerate() {
        let row = match record {
            Ok(record) => Table { columns: &columns, record: &record }.row(number, &mut images),
            Err(error) => {
                let name = format!("row {}", number + 1);
                Row::new(name, Err(Flaw::new(FlawKind::MissingField, error.to_string())))
            }
        };
        rows.push(row);
    }
    Ok(Found { rows, ..Found::default() })
}

fn path(place: &Place<'_>) -> PathBuf {
    if place.root.is_file() {
        return place.root.clone();
    }
    let named = place.task.data.files.first().map(|file| place.path(file));
    named.unwrap_or_else(|| place.root.join(format!("{}.tsv", place.split)))
}

struct Table<'a> {
    columns: &'a StringRecord,
    record: &'a StringRecord,
}

impl Table<'_> {
    fn get(&self, column: &str) -> Option<&str> {
        let place = self.columns.iter().position(|name| name == column)?;
        self.record.get(place).filter(|text| !text.trim().is_empty())
    }

    fn row(&self, number: usize, images: &mut HashMap<String, Arc<[u8]>>) -> Row {
        let id = self.get("index").map_or_else(|| number.to_string(), str::to_owned);
        let sample = self.image(&id, images).and_then(|image| self.sample(image));
        Row::new(id, sample)
    }

    fn image(&self, id: &str, images: &mut HashMap<String, Arc<[u8]>>) -> Result<ImageRef, Flaw> {
        let missing = || Flaw::new(FlawKind::MissingImage, format!("row {id} has no picture"));
        let text = self.get("image").ok_or_else(missing)?;
        if text.len() < SHORTEST_PICTURE {
            return images.get(text).cloned().map(ImageRef::Inline).ok_or_else(missing);
        }
        let bytes: Arc<[u8]> = BASE64_STANDARD
            .decode(text)
            .map_err(|error| Flaw::new(FlawKind::UnreadableImage, format!("row {id}: {error}")))?
            .into();
        images.insert(id.to_owned(), Arc::clone(&bytes));
        Ok(ImageRef::Inline(bytes))
    }

    fn sample(&self, image: ImageRef) -> Result<Sample, Flaw> {
        let missing = |column: &str| Flaw::new(FlawKind::MissingField, format!("no `{column}`"));
        let mut question = self.get("question").ok_or_else(|| missing("question"))?.to_owned();
        if let Some(hint) = self.get("hint") {
            question = format!("{hint} {question}");
        }
        let answer = self.get("answer").ok_or_else(|| missing("answer"))?;
        let letters: Vec<String> = ('A'..='Z').map(String::from).collect();
        let options: Vec<String> =
            letters.iter().map_while(|letter| self.get(letter)).map(str::to_owned).collect();
        let truth = if options.is_empty() {
            Truth::Texts(vec![answer.to_owned()])
        } else {
            let class = letters.iter().take(options.len()).position(|letter| letter == answer);
            Truth::Class(class.ok_or_else(|| {
                Flaw::new(FlawKind::LabelOutsideList, format!("the answer `{answer}` is no option"))
            })?)
        };
        Ok(Sample { question: Some(question), options, ..Sample::new(image, truth) })
    }
}
