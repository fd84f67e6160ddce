//! The text that stands for a picture.

use super::{ImagePart, Wish};
use crate::error::{AppError, AppResult};
use lens::{
    Answer, Cancel, Decoding, Error, ErrorKind, Evidence, Llm, LlmInfo, Prompt, Result,
    prompt::{FenceKey, Floors, PromptMaker, Template},
};
use std::sync::Arc;

/// Most tokens of one picture's block when the client wishes nothing else: about what a large model spends on the
/// pixels of a photo.
const TOKENS: usize = 1536;

/// Writes blocks. The same picture, wishes and place among the pictures of its message give the same bytes.
#[derive(Debug)]
pub(crate) struct Blocks {
    maker: PromptMaker,
}

impl Blocks {
    /// Blocks with the fences of `fence` and the floors of the prompts.
    pub(crate) fn new(floors: Floors, fence: FenceKey) -> Result<Self> {
        let template = Template::parse("evidence", include_str!("../../templates/evidence.jinja"))?;
        Ok(Self { maker: PromptMaker { template, floors, fence } })
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
        parts.iter().zip(evidence).enumerate().map(write).collect()
    }

    /// The block of one picture. `subject` is what errors call it.
    pub(crate) fn one(&self, evidence: &Evidence, wish: &Wish, subject: &str) -> AppResult<Block> {
        let budget = Budget(wish.tokens.unwrap_or(TOKENS));
        let packed = self.maker.make(&budget, &[&wish.applied(evidence)], &[], "");
        let packed = packed.map_err(|error| match error.kind() {
            ErrorKind::Input => AppError::bad("lens.tokens: too few for any evidence"),
            _ => AppError::about(subject, &error),
        })?;
        Ok(Block { text: packed.prompt.text.trim_end().to_owned(), tokens: packed.tokens })
    }
}

/// What stands for a picture.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) text: String,
    pub(crate) tokens: usize,
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
