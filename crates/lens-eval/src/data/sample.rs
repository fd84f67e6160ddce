//! One sample of a data set.

use super::ImageRef;
use crate::Flaw;

/// A place in a data set: a sample, or what is wrong there.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Place in the split, from 0.
    pub index: usize,
    /// The id as the data set has it.
    pub id: String,
    /// How often the id stood before.
    pub repeats: usize,
    /// The sample, or what is wrong with it.
    pub sample: Result<Sample, Flaw>,
}

/// A picture, what is asked about it, and what is true.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The picture.
    pub image: ImageRef,
    /// The sample's own question.
    pub question: Option<String>,
    /// The sample's own classes (multiple choice), instead of the task's.
    pub options: Vec<String>,
    /// What is true.
    pub truth: Truth,
    /// Text that the data set ships for the picture.
    pub text: Option<String>,
    /// Odd things that do not keep the sample from being scored.
    pub remarks: Vec<Flaw>,
}

/// What is true of a sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Truth {
    /// The number of a class.
    Class(usize),
    /// What people answered, or the captions they wrote.
    Texts(Vec<String>),
}

impl Row {
    /// A row whose index is set when all are read.
    pub(super) fn new(id: impl Into<String>, sample: Result<Sample, Flaw>) -> Self {
        Self { index: 0, id: id.into(), repeats: 0, sample }
    }
}

impl Sample {
    /// A sample with neither question nor options of its own.
    pub(super) fn new(image: ImageRef, truth: Truth) -> Self {
        Self { image, question: None, options: Vec::new(), truth, text: None, remarks: Vec::new() }
    }

    /// The texts that are right.
    #[must_use]
    pub fn right<'a>(&'a self, classes: &'a [String]) -> Vec<&'a str> {
        match &self.truth {
            Truth::Class(class) => {
                self.classes(classes).get(*class).map(String::as_str).into_iter().collect()
            }
            Truth::Texts(texts) => texts.iter().map(String::as_str).collect(),
        }
    }

    /// The sample's own classes, or those of the set.
    #[must_use]
    pub fn classes<'a>(&'a self, classes: &'a [String]) -> &'a [String] {
        if self.options.is_empty() { classes } else { &self.options }
    }
}
