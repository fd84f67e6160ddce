//! A question about pictures.

use super::{AppJson, PictureRef, check_chars, event, wants_events};
use crate::{
    error::{AppError, AppResult, ErrorBody},
    local::{Hangup, Reader, prompt_for, stream},
    rewrite::Wish,
    state::AppState,
};
use axum::{
    Json,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use lens::{
    Answer, Cancel, Decoding, Evidence, LlmInfo,
    prompt::{PackedPrompt, Turn},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use tokio::sync::mpsc;
use utoipa::ToSchema;

/// A question about one or more pictures.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskRequest {
    /// The pictures, in order.
    images: Vec<PictureRef>,
    question: String,
    /// Name of the language model, one of `GET /v1/models`. Absent: the first.
    llm: Option<String>,
    /// Earlier questions and answers about them.
    #[serde(default)]
    #[schema(value_type = Vec<Value>)]
    history: Vec<Turn>,
    #[serde(default)]
    lens: Wish,
}

impl AskRequest {
    /// A question without wishes and without earlier ones.
    pub(crate) fn new(images: Vec<String>, question: String) -> Self {
        let images = images.into_iter().map(PictureRef).collect();
        Self { images, question, llm: None, history: Vec::new(), lens: Wish::default() }
    }
}

/// An answer and all that it rests on.
#[derive(Serialize)]
pub(crate) struct AskReply {
    evidence: Vec<Evidence>,
    prompt: PackedPrompt,
    pub(crate) answer: Answer,
    llm: LlmInfo,
}

/// Asks a language model of this server. With `Accept: text/event-stream`: `prompt`, then `token`s as the answer is
/// made (with one beam), then `reply` with everything, or `error`.
#[utoipa::path(post, path = "/v1/ask", tag = "lens", request_body = AskRequest,
    responses((status = 200, description = "evidence, prompt, answer, llm", body = Value),
        (status = "default", body = ErrorBody, description = "what went wrong")))]
pub(crate) async fn ask(
    State(state): State<AppState>,
    headers: HeaderMap,
    AppJson(request): AppJson<AskRequest>,
) -> AppResult<Response> {
    if !wants_events(&headers) {
        return Ok(Json(answered(&state, request).await?).into_response());
    }
    let reader = check(&state, &request)?;
    let llm = reader.info.clone();
    let place = state.answers().place()?;
    let (evidence, prompt, decoding) = prepare(&state, &reader, request).await?;
    let cancel = Cancel::new();
    let hangup = Hangup(cancel.clone());
    let (out, heard) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let _place = place;
        _ = out.send(event("prompt", &prompt));
        let (pieces, mut made) = mpsc::unbounded_channel::<String>();
        let tell = async {
            while let Some(text) = made.recv().await {
                _ = out.send(event("token", &json!({"text": text})));
            }
        };
        let answer = reader.batcher.answer(prompt.clone(), decoding, Some(pieces), cancel);
        let (answer, ()) = tokio::join!(answer, tell);
        let last = match answer {
            Ok(answer) => event("reply", &AskReply { evidence, prompt, answer, llm }),
            Err(error) => event("error", &ErrorBody::from(error)),
        };
        _ = out.send(last);
    });
    Ok(stream(heard, hangup))
}

/// The whole reply, when the answer is complete. Dropping the future ends the work.
pub(crate) async fn answered(state: &AppState, request: AskRequest) -> AppResult<AskReply> {
    let reader = check(state, &request)?;
    let _place = state.answers().place()?;
    let (evidence, prompt, decoding) = prepare(state, &reader, request).await?;
    let cancel = Cancel::new();
    let _hangup = Hangup(cancel.clone());
    let answer = reader.batcher.answer(prompt.clone(), decoding, None, cancel).await?;
    Ok(AskReply { evidence, prompt, answer, llm: reader.info.clone() })
}

/// Refuses what is too much; gives who will answer.
fn check(state: &AppState, request: &AskRequest) -> AppResult<Arc<Reader>> {
    let reader = state.answers().readers().find(request.llm.as_deref())?;
    let limits = &state.options().limits;
    check_chars("question", &request.question, limits.text_chars)?;
    if request.images.len() > limits.images {
        return Err(AppError::bad(format!("images: at most {}", limits.images)));
    }
    request.lens.check()?;
    Ok(reader)
}

async fn prepare(
    state: &AppState,
    reader: &Arc<Reader>,
    request: AskRequest,
) -> AppResult<(Vec<Evidence>, PackedPrompt, Decoding)> {
    let mut sights = Vec::new();
    for (index, image) in request.images.into_iter().enumerate() {
        let subject = format!("images[{index}]");
        sights.push((image.see(state, &subject).await?, subject));
    }
    let mut seen = Vec::with_capacity(sights.len());
    for (sight, subject) in sights {
        seen.push((sight.whole(&subject).await?, subject));
    }
    let own = reader.lens.decoding();
    let decoding = Decoding {
        beams: request.lens.beams.unwrap_or(own.beams),
        seed: request.lens.seed.unwrap_or(own.seed),
        ..own.clone()
    };
    let (question, history, wish) = (request.question, request.history, request.lens);
    let reader = Arc::clone(reader);
    let made = move |state: &AppState| {
        let wished = |(one, subject): &(Arc<Evidence>, String)| state.blocks().wished(one, &wish, subject);
        let evidence: Vec<Evidence> = seen.iter().map(wished).collect::<AppResult<_>>()?;
        let prompt = prompt_for(&reader, &wish, &evidence, &history, &question)?;
        Ok((evidence, prompt))
    };
    let (evidence, prompt) = state.blocking(made).await?;
    Ok((evidence, prompt, decoding))
}
