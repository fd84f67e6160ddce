//! VQA v2 and OK-VQA: questions and annotations in two JSON files, pictures in a folder.

use super::{Found, ImageRef, Place, Row, Sample, Truth, aokvqa};
use crate::{Flaw, FlawKind, files};
use lens::{Error, ErrorKind, Result};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use std::{collections::HashMap, path::Path};

/// The answers of a question that the official script counts on.
const ANSWERS: usize = 10;

#[derive(Deserialize)]
struct Questions {
    questions: Vec<Question>,
}

#[derive(Deserialize)]
struct Question {
    #[serde(rename = "question_id")]
    id: Value,
    image_id: Value,
    #[serde(rename = "question")]
    text: String,
}

#[derive(Deserialize)]
struct Annotations {
    annotations: Vec<Annotation>,
}

#[derive(Deserialize)]
struct Annotation {
    question_id: Value,
    #[serde(default)]
    answers: Vec<Answer>,
}

#[derive(Deserialize)]
struct Answer {
    answer: String,
}

/// Ids are strings, whatever the file has.
pub(super) fn read(place: &Place<'_>) -> Result<Found> {
    let files = &place.task.data.files;
    let rows = match files.as_slice() {
        [questions, annotations] => pairs(place, &place.path(questions), &place.path(annotations))?,
        [one] => aokvqa::read(place, &place.path(one))?,
        _ => {
            return Err(Error::new(ErrorKind::Config, format!("task {}, `data.files`", place.task.name))
                .expected("a file of questions and a file of annotations, or one of both")
                .found(format!("{} files", files.len())));
        }
    };
    Ok(Found { rows, ..Found::default() })
}

fn pairs(place: &Place<'_>, questions: &Path, annotations: &Path) -> Result<Vec<Row>> {
    let Questions { questions } = json(questions)?;
    let Annotations { annotations } = json(annotations)?;
    let mut answers: HashMap<String, Vec<String>> = HashMap::new();
    for annotation in annotations {
        let texts = annotation.answers.into_iter().map(|answer| answer.answer).collect();
        answers.insert(plain(&annotation.question_id), texts);
    }
    let row = |question: Question| {
        let id = plain(&question.id);
        let image = image(place, &question.image_id);
        let sample = match answers.get(&id) {
            Some(texts) if !texts.is_empty() => Ok(asked(image, question.text, texts.clone())),
            _ => Err(Flaw::new(FlawKind::MissingField, format!("question {id} has no answers"))),
        };
        Row::new(id, sample)
    };
    Ok(questions.into_iter().map(row).collect())
}

/// A question with what people answered; another number of answers than ten is remarked.
pub(super) fn asked(image: ImageRef, question: String, texts: Vec<String>) -> Sample {
    let mut remarks = Vec::new();
    if texts.len() != ANSWERS {
        remarks.push(Flaw::new(FlawKind::AnswerCount, format!("{} answers", texts.len())));
    }
    Sample { question: Some(question), remarks, ..Sample::new(image, Truth::Texts(texts)) }
}

/// The file of a picture by its number: `{id}` and `{id:012}` in the task's pattern.
pub(super) fn image(place: &Place<'_>, id: &Value) -> ImageRef {
    let id = plain(id);
    let pattern = place.task.data.image_path.as_deref().unwrap_or("{split}/{id}.jpg");
    let name = pattern.replace("{split}", place.split).replace("{id:012}", &format!("{id:0>12}"));
    ImageRef::File(place.root.join(name.replace("{id}", &id)))
}

/// A number or a text as a text.
pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

pub(super) fn json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    serde_json::from_str(&files::read_text(path)?).map_err(|error| {
        Error::new(ErrorKind::Input, path.display().to_string())
            .expected("JSON as the data set publishes it")
            .found(error.to_string())
            .hint("fetch the file again")
            .because(error)
    })
}
