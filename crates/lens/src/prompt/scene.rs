//! What a template sees: the evidence in its own words, cleaned.

use super::{FenceKey, Selection, clean};
use crate::evidence::{Caption, CaptionKind, Evidence, OcrLine, Tag};
use serde::{Deserialize, Serialize};

/// An earlier question and its answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// What the user asked.
    pub question: String,
    /// What the model answered.
    pub answer: String,
}

/// The variables of a template. `pictures` holds all; the other lists are those of the first picture.
#[derive(Debug, Serialize)]
pub(super) struct Scene {
    pictures: Vec<PictureView>,
    #[serde(flatten)]
    first: PictureView,
    history: Vec<Turn>,
    question: String,
    /// Whether the template puts fences around the evidence.
    pub(super) fenced: bool,
}

/// One picture's evidence.
#[derive(Debug, Clone, Default, Serialize)]
struct PictureView {
    tags: Vec<Tag>,
    attributes: Vec<Tag>,
    captions: Vec<Caption>,
    /// The text of the beam caption, or of the first caption.
    caption: String,
    /// The text of every sampled caption; one that was drawn twice stands twice.
    samples: Vec<String>,
    ocr: Vec<OcrLine>,
    /// The code of the fence.
    fence: String,
}

impl Scene {
    /// The part of the evidence and the history that `selection` keeps.
    pub(super) fn new(
        pictures: &[&Evidence],
        history: &[Turn],
        question: &str,
        selection: &Selection,
        fence: &FenceKey,
    ) -> Self {
        let views: Vec<PictureView> = pictures
            .iter()
            .enumerate()
            .map(|(index, evidence)| PictureView::new(evidence, index, selection, fence))
            .collect();
        let kept = history.get(selection.turns_dropped..).unwrap_or_default();
        let history = kept
            .iter()
            .map(|turn| Turn { question: turn.question.clone(), answer: clean(&turn.answer) })
            .collect();
        let first = views.first().cloned().unwrap_or_default();
        Self { pictures: views, first, history, question: question.to_owned(), fenced: false }
    }
}

impl PictureView {
    fn new(evidence: &Evidence, index: usize, selection: &Selection, fence: &FenceKey) -> Self {
        let keeps = |id: &str| selection.keeps(index, id);
        let tags = |list: &[Tag]| -> Vec<Tag> {
            let kept = list.iter().filter(|tag| keeps(&tag.id));
            kept.map(|tag| Tag { text: clean(&tag.text), ..tag.clone() }).collect()
        };
        let captions: Vec<Caption> = evidence
            .captions
            .iter()
            .filter(|caption| keeps(&caption.id))
            .map(|caption| Caption { text: clean(&caption.text), ..caption.clone() })
            .collect();
        let beam = captions.iter().find(|caption| caption.kind == CaptionKind::Beam).or(captions.first());
        Self {
            tags: tags(&evidence.tags),
            attributes: tags(&evidence.attributes),
            caption: beam.map(|caption| caption.text.clone()).unwrap_or_default(),
            samples: captions.iter().flat_map(samples).collect(),
            captions,
            ocr: evidence.ocr.iter().filter(|line| keeps(&line.id)).map(quotable).collect(),
            fence: fence.code(&evidence.image.sha256),
        }
    }
}

/// A beam caption that was also drawn counts one drawing less than its count.
fn samples(caption: &Caption) -> impl Iterator<Item = String> {
    let drawn = match caption.kind {
        CaptionKind::Beam => caption.count.saturating_sub(1),
        CaptionKind::Sampled => caption.count,
    };
    std::iter::repeat_n(caption.text.clone(), drawn)
}

/// Templates put a line in double quotes; it must not close them.
fn quotable(line: &OcrLine) -> OcrLine {
    OcrLine { text: clean(&line.text).replace('"', "'"), ink: line.ink.as_deref().map(clean), ..line.clone() }
}
