//! The prompt that a request wishes for.

use super::Reader;
use crate::{
    error::{AppError, AppResult},
    rewrite::Wish,
};
use lens::{
    Error, Evidence,
    prompt::{PackedPrompt, PromptMaker, Template, Turn},
};

/// Puts evidence, earlier turns and a question into one prompt for a language model of this server.
pub(crate) fn prompt_for(
    reader: &Reader,
    wish: &Wish,
    evidence: &[Evidence],
    turns: &[Turn],
    question: &str,
) -> AppResult<PackedPrompt> {
    let refused = |error: Error| AppError::about("the prompt", &error);
    let own = reader.lens.prompt_maker();
    let maker = match &wish.template {
        None => own.clone(),
        Some(name) => PromptMaker { template: Template::named(name).map_err(refused)?, ..own.clone() },
    };
    let pictures: Vec<&Evidence> = evidence.iter().collect();
    let llm = reader.lens.reader().map_err(refused)?;
    maker.make(llm, &pictures, turns, question).map_err(refused)
}
