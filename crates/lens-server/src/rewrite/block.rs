//! The text that stands for a picture.

use super::{ImagePart, Wish};
use crate::{
    error::{AppError, AppResult},
    options::ServerLimits,
};
use axum::http::StatusCode;
use lens::{
    Answer, Cancel, Decoding, Error, ErrorKind, Evidence, Llm, LlmInfo, Prompt, Result,
    prompt::{PackedPrompt, PromptMaker, Template},
};
use std::sync::Arc;

/// Writes blocks. The same picture, wishes and place among the pictures of its message give the same bytes: a block's
/// budget is its own and not shared, or a picture that a later turn adds would change the blocks before it, and the
/// provider's prefix cache would be cold.
#[derive(Debug)]
pub(crate) struct Blocks {
    maker: PromptMaker,
    /// Most tokens of a block where the client wishes nothing else.
    tokens: usize,
    /// Most tokens of all blocks of a request.
    total: Option<usize>,
}

/// What stands for a picture.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) text: String,
    pub(crate) tokens: usize,
    /// Items of the evidence that did not fit.
    pub(crate) left_out: usize,
}

impl Blocks {
    /// Blocks with the floors and fences of `prompts`.
    pub(crate) fn new(prompts: &PromptMaker, limits: &ServerLimits) -> Result<Self> {
        let template = Template::parse("evidence", include_str!("../../templates/evidence.jinja"))?;
        let maker = PromptMaker { template, ..prompts.clone() };
        Ok(Self { maker, tokens: limits.evidence_tokens, total: limits.evidence_total })
    }

    /// One block for each part and its evidence.
    pub(crate) fn write(
        &self,
        parts: &[ImagePart],
        evidence: &[Arc<Evidence>],
        wish: &Wish,
    ) -> AppResult<Vec<Block>> {
        let write = |(place, (part, evidence)): (usize, (&ImagePart, &Arc<Evidence>))| {
            let block = self.one(evidence, wish, &part.subject)?;
            Ok(Block { text: label(parts, place) + &block.text, ..block })
        };
        let blocks: Vec<Block> =
            parts.iter().zip(evidence).enumerate().map(write).collect::<AppResult<_>>()?;
        let tokens: usize = blocks.iter().map(|block| block.tokens).sum();
        match self.total {
            Some(most) if tokens > most => Err(AppError::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!(
                    "the evidence of {} pictures has {tokens} tokens, and this server sends at most {most} in a request; \
                     leave earlier pictures out, or ask for less of each with lens.tokens",
                    blocks.len()
                ),
            )),
            _ => Ok(blocks),
        }
    }

    /// The block of one picture. `subject` is what errors call it.
    pub(crate) fn one(&self, evidence: &Evidence, wish: &Wish, subject: &str) -> AppResult<Block> {
        let packed = self.packed(&wish.applied(evidence), wish.tokens.unwrap_or(self.tokens), subject)?;
        let text = packed.prompt.text.trim_end().to_owned();
        Ok(Block { text, tokens: packed.tokens, left_out: packed.dropped.len() })
    }

    /// The record of one picture as the wishes want it: what its block would show, where a number of tokens is wished
    /// for.
    pub(crate) fn wished(&self, evidence: &Evidence, wish: &Wish, subject: &str) -> AppResult<Evidence> {
        let mut record = wish.applied(evidence);
        if let Some(tokens) = wish.tokens {
            let dropped = self.packed(&record, tokens, subject)?.dropped;
            let stays = |id: &str| dropped.iter().all(|dropped| dropped != id);
            record.tags.retain(|item| stays(&item.id));
            record.attributes.retain(|item| stays(&item.id));
            record.captions.retain(|item| stays(&item.id));
            record.ocr.retain(|item| stays(&item.id));
        }
        Ok(record)
    }

    fn packed(&self, record: &Evidence, tokens: usize, subject: &str) -> AppResult<PackedPrompt> {
        self.maker.make(&Budget(tokens), &[record], &[], "").map_err(|error| match error.kind() {
            ErrorKind::Input => AppError::bad("lens.tokens: too few for any evidence"),
            _ => AppError::about(subject, &error),
        })
    }
}

/// Pictures are numbered within their message, so that a growing history changes no earlier byte.
fn label(parts: &[ImagePart], place: usize) -> String {
    let message = |index: usize| parts.get(index).map(|part| part.message);
    let siblings: Vec<usize> = (0..parts.len()).filter(|&index| message(index) == message(place)).collect();
    match siblings.iter().position(|&index| index == place) {
        Some(position) if siblings.len() > 1 => format!("Picture {} of {}. ", position + 1, siblings.len()),
        _ => String::new(),
    }
}

/// Stands for the reader behind the upstream, whose tokens can only be estimated.
struct Budget(usize);

impl Llm for Budget {
    fn info(&self) -> LlmInfo {
        LlmInfo { name: "upstream".to_owned(), context_tokens: self.0, ..LlmInfo::default() }
    }

    /// Tokenizers of large models take about four bytes of English for a token; three is on the safe side.
    fn count_tokens(&self, text: &str) -> usize {
        text.len().div_ceil(3)
    }

    fn answer(
        &self,
        _: &[Prompt],
        _: &Decoding,
        _: &mut dyn FnMut(usize, &str),
        _: &Cancel,
    ) -> Result<Vec<Answer>> {
        Err(Error::new(ErrorKind::Internal, "the estimate of an upstream's tokens").found("a question"))
    }

    fn score(&self, _: &Prompt, _: &[&str]) -> Result<Option<Vec<f64>>> {
        Ok(None)
    }
}
