//! The prompt that a request wishes for.

use crate::{
    error::{AppError, AppResult},
    rewrite::Wish,
    state::AppState,
};
use lens::{
    Error, Evidence,
    prompt::{PackedPrompt, PromptMaker, Template, Turn},
};

/// Puts evidence, earlier turns and a question into one prompt for the server's own language model.
pub(crate) fn prompt_for(
    state: &AppState,
    wish: &Wish,
    evidence: &[Evidence],
    turns: &[Turn],
    question: &str,
) -> AppResult<PackedPrompt> {
    let refused = |error: Error| AppError::about("the prompt", &error);
    let own = state.lens().prompt_maker();
    let maker = match &wish.template {
        None => own.clone(),
        Some(name) => PromptMaker { template: Template::named(name).map_err(refused)?, ..own.clone() },
    };
    let pictures: Vec<&Evidence> = evidence.iter().collect();
    let reader = state.lens().reader().map_err(refused)?;
    maker.make(reader, &pictures, turns, question).map_err(refused)
}
