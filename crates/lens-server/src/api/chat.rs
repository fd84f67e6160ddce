//! Chats in the two dialects: pictures become their evidence, then the upstream or the own language model answers.

use super::{AppBytes, PictureRef, lacks};
use crate::{
    error::{AppError, AppResult, ErrorBody},
    local::{Chat, Dialect, speak},
    metrics::TOKENS_SAVED,
    proxy::{Forward, Proxy},
    rewrite::{Block, ImagePart, Wish, find, replace, wish},
    state::AppState,
};
use axum::{
    body::Bytes,
    extract::{FromRequest, Request, State},
    http::{HeaderMap, HeaderValue, Method, Uri},
    response::Response,
};
use lens::Evidence;
use std::sync::Arc;

/// Most hashes in the header that names the pictures of a request.
const NAMED: usize = 32;

/// OpenAI's chat completions. Image parts, anywhere in the history, become text in place.
#[utoipa::path(post, path = "/v1/chat/completions", tag = "chat", request_body = Value,
    responses((status = 200, description = "as OpenAI documents it; `x-lens-pictures` names the pictures"),
        (status = "default", body = ErrorBody, description = "what went wrong")))]
pub(crate) async fn completions(State(state): State<AppState>, incoming: Incoming) -> AppResult<Response> {
    chat(&state, Dialect::OpenAi, incoming).await
}

/// Anthropic's messages, likewise.
#[utoipa::path(post, path = "/v1/messages", tag = "chat", request_body = Value,
    responses((status = 200, description = "as Anthropic documents it"),
        (status = "default", body = ErrorBody, description = "what went wrong")))]
pub(crate) async fn messages(State(state): State<AppState>, incoming: Incoming) -> AppResult<Response> {
    chat(&state, Dialect::Anthropic, incoming).await
}

/// The tokens of a request to `/v1/messages`, counted by the upstream over what it would read.
#[utoipa::path(post, path = "/v1/messages/count_tokens", tag = "chat", request_body = Value,
    responses((status = 200, description = "as Anthropic documents it"),
        (status = "default", body = ErrorBody, description = "what went wrong")))]
pub(crate) async fn count_tokens(State(state): State<AppState>, incoming: Incoming) -> AppResult<Response> {
    let proxy = state.proxy().ok_or_else(|| lacks("upstream that counts tokens"))?;
    let seen = see(&state, incoming.body.clone()).await?;
    pass(&state, proxy, incoming, seen).await
}

/// A request as it came.
pub(crate) struct Incoming {
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
}

impl FromRequest<AppState> for Incoming {
    type Rejection = AppError;

    async fn from_request(request: Request, state: &AppState) -> AppResult<Self> {
        let (uri, headers) = (request.uri().clone(), request.headers().clone());
        let AppBytes(body) = AppBytes::from_request(request, state).await?;
        Ok(Self { uri, headers, body })
    }
}

/// A request and what its pictures show.
struct Seen {
    parts: Vec<ImagePart>,
    evidence: Vec<Arc<Evidence>>,
    wish: Wish,
}

async fn chat(state: &AppState, dialect: Dialect, incoming: Incoming) -> AppResult<Response> {
    let seen = see(state, incoming.body.clone()).await?;
    if let Some(proxy) = state.proxy() {
        return pass(state, proxy, incoming, seen).await;
    }
    if state.lens().reader().is_err() {
        return Err(lacks("language model of its own and no upstream"));
    }
    let chat = Chat::parse(text(&incoming.body)?, &state.options().limits)?;
    speak(state, dialect, chat, seen.wish, seen.evidence).await
}

/// Finds the pictures and waits until each has been seen.
async fn see(state: &AppState, body: Bytes) -> AppResult<Seen> {
    let (mut parts, wish) = state
        .blocking(move |state| {
            let body = text(&body)?;
            let wish = wish(body)?;
            wish.check()?;
            Ok((find(body, &state.options().limits)?, wish))
        })
        .await?;
    let mut sights = Vec::with_capacity(parts.len());
    for part in &mut parts {
        let picture = PictureRef(std::mem::take(&mut part.picture));
        sights.push(picture.see(state, &part.subject).await?);
    }
    let mut evidence = Vec::with_capacity(parts.len());
    for (part, sight) in parts.iter().zip(sights) {
        evidence.push(sight.whole(&part.subject).await?);
    }
    Ok(Seen { parts, evidence, wish })
}

async fn pass(state: &AppState, proxy: &Proxy, incoming: Incoming, seen: Seen) -> AppResult<Response> {
    let Incoming { uri, mut headers, body } = incoming;
    let (body, told) = state.blocking(move |state| rewritten(state, &body, &seen)).await?;
    // The text was compressed for nobody: what was read here is plain JSON.
    headers.remove(axum::http::header::CONTENT_ENCODING);
    let forward = Forward { method: Method::POST, path: below_v1(&uri), headers, body };
    let mut response = proxy.forward(forward).await?;
    response.headers_mut().extend(told);
    Ok(response)
}

/// The body for the upstream, and the headers that tell the client what stands in place of its pictures.
fn rewritten(state: &AppState, body: &Bytes, seen: &Seen) -> AppResult<(String, HeaderMap)> {
    let blocks = state.blocks().write(&seen.parts, &seen.evidence, &seen.wish)?;
    let sum = |number: fn(&Block) -> usize| blocks.iter().map(number).sum::<usize>();
    let (tokens, left_out) = (sum(|block| block.tokens), sum(|block| block.left_out));
    let of_pixels: usize = seen.evidence.iter().map(|one| picture_tokens(one)).sum();
    state.metrics().add(TOKENS_SAVED, "", of_pixels.saturating_sub(tokens) as f64);
    let mut told = HeaderMap::new();
    if !blocks.is_empty() {
        let named = seen.evidence.iter().take(NAMED).map(|one| one.image.sha256.as_str());
        if let Ok(value) = HeaderValue::from_str(&named.collect::<Vec<_>>().join(",")) {
            told.insert("x-lens-pictures", value);
        }
        told.insert("x-lens-evidence-tokens", tokens.into());
        told.insert("x-lens-left-out", left_out.into());
    }
    let texts: Vec<String> = blocks.into_iter().map(|block| block.text).collect();
    Ok((replace(text(body)?, &seen.parts, &texts)?, told))
}

/// Path and query after `/v1`.
pub(super) fn below_v1(uri: &Uri) -> String {
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    path.strip_prefix("/v1").unwrap_or(path).to_owned()
}

fn text(body: &Bytes) -> AppResult<&str> {
    std::str::from_utf8(body).map_err(|_| AppError::bad("the body is no text in UTF-8"))
}

/// What large models with eyes count for a picture: 85 tokens, and 170 for each tile of 512 pixels after it was
/// fitted into 2048 pixels and its short side to 768.
fn picture_tokens(evidence: &Evidence) -> usize {
    let (width, height) = (f64::from(evidence.image.width.max(1)), f64::from(evidence.image.height.max(1)));
    let scale = (2048.0 / width.max(height)).min(768.0 / width.min(height)).min(1.0);
    let tiles = |side: f64| (side * scale / 512.0).ceil().max(1.0) as usize;
    85 + 170 * tiles(width) * tiles(height)
}
