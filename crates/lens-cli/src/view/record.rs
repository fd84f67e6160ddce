//! The objects of `--json`, one on each line.

use crate::printer::ErrorReport;
use lens::{
    Answer, Classification, ClassifyBasis, Error, Evidence, LabelScore, LlmInfo, llm::Finish,
    prompt::PackedPrompt,
};
use serde::Serialize;

/// A picture that failed.
#[derive(Debug, Serialize)]
pub(crate) struct ErrorRecord<'a> {
    source: &'a str,
    error: ErrorReport,
}

/// A picture that was looked at. `source` is the path, `-`, or `data: URI`.
#[derive(Debug, Serialize)]
pub(crate) struct SeenRecord<'a> {
    pub(crate) source: &'a str,
    #[serde(flatten)]
    pub(crate) evidence: &'a Evidence,
}

/// A question, its answer, and what the answer comes from.
#[derive(Debug, Serialize)]
pub(crate) struct TurnRecord<'a> {
    question: &'a str,
    answer: &'a str,
    answered_by: Reader<'a>,
    prompt: PromptSummary<'a>,
}

/// A turn and the picture it is about.
#[derive(Debug, Serialize)]
pub(crate) struct AskedRecord<'a> {
    source: &'a str,
    #[serde(flatten)]
    turn: TurnRecord<'a>,
    #[serde(flatten)]
    evidence: &'a Evidence,
}

/// A turn and all the pictures it is about.
#[derive(Debug, Serialize)]
pub(crate) struct TogetherRecord<'a> {
    #[serde(flatten)]
    turn: TurnRecord<'a>,
    images: Vec<SeenRecord<'a>>,
}

/// A picture and its labels.
#[derive(Debug, Serialize)]
pub(crate) struct ClassifiedRecord<'a> {
    source: &'a str,
    clip: &'a [LabelScore],
    llm: &'a [LabelScore],
    llm_basis: ClassifyBasis,
    #[serde(flatten)]
    evidence: &'a Evidence,
}

/// What a language model read and said.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading<'a> {
    pub(crate) question: &'a str,
    pub(crate) prompt: &'a PackedPrompt,
    pub(crate) answer: &'a Answer,
    pub(crate) llm: &'a LlmInfo,
}

/// Who said it and how it ended.
#[derive(Debug, Serialize)]
struct Reader<'a> {
    llm: &'a str,
    finish: Finish,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_prob: Option<f64>,
}

#[derive(Debug, Serialize)]
struct PromptSummary<'a> {
    template: &'a str,
    tokens: usize,
    dropped: &'a [String],
}

impl<'a> ErrorRecord<'a> {
    pub(crate) fn new(source: &'a str, error: &Error) -> Self {
        Self { source, error: ErrorReport::of(error) }
    }
}

impl<'a> TurnRecord<'a> {
    pub(crate) fn new(Reading { question, prompt, answer, llm }: Reading<'a>) -> Self {
        let reader = Reader {
            llm: &llm.name,
            finish: answer.finish,
            tokens: answer.tokens,
            log_prob: answer.log_prob,
        };
        let prompt =
            PromptSummary { template: &prompt.template, tokens: prompt.tokens, dropped: &prompt.dropped };
        Self { question, answer: &answer.text, answered_by: reader, prompt }
    }
}

impl<'a> AskedRecord<'a> {
    pub(crate) fn new(source: &'a str, evidence: &'a Evidence, reading: Reading<'a>) -> Self {
        Self { source, turn: TurnRecord::new(reading), evidence }
    }
}

impl<'a> TogetherRecord<'a> {
    pub(crate) fn new(images: Vec<SeenRecord<'a>>, reading: Reading<'a>) -> Self {
        Self { turn: TurnRecord::new(reading), images }
    }
}

impl<'a> ClassifiedRecord<'a> {
    pub(crate) fn new(source: &'a str, result: &'a Classification) -> Self {
        let Classification { evidence, clip, llm, basis } = result;
        Self { source, clip, llm, llm_basis: *basis, evidence }
    }
}

#[cfg(test)]
mod tests {
    use super::{AskedRecord, Reading};
    use lens::{Answer, Evidence, LlmInfo, Prompt, evidence::Tag, prompt::PackedPrompt};

    #[test]
    fn a_record_keeps_the_evidence_as_it_is_written_elsewhere() {
        let tag = Tag { id: "T1".into(), text: "cat".into(), cosine: 0.31, probability: 0.1 };
        let evidence = Evidence { tags: vec![tag], ..Evidence::default() };
        let answer = Answer { text: "a cat".into(), ..Answer::default() };
        let prompt = PackedPrompt {
            prompt: Prompt::new("Tags: cat"),
            template: "default".into(),
            tokens: 2,
            dropped: Vec::new(),
        };
        let llm = LlmInfo::default();
        let reading = Reading { question: "What?", prompt: &prompt, answer: &answer, llm: &llm };
        let json = serde_json::to_string(&AskedRecord::new("a.jpg", &evidence, reading)).unwrap();
        assert!(json.starts_with(r#"{"source":"a.jpg","question":"What?","answer":"a cat","#), "{json}");
        let body = evidence.to_json().unwrap();
        assert!(json.ends_with(body.trim_start_matches('{')), "{json} holds {body}");
    }
}
