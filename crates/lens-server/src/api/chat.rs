//! Chats in the two dialects: pictures become their evidence, then the upstream or the own language model answers.

use super::{AppBytes, PictureRef, lacks};
use crate::{
    error::{AppError, AppResult, ErrorBody},
    local::{Chat, Dialect, speak},
    metrics::TOKENS_SAVED,
    proxy::{Forward, Proxy},
    rewrite::{ImagePart, Wish, find, replace, wish},
    state::AppState,
};
use axum::{
    body::Bytes,
    extract::{OriginalUri, State},
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
pub(crate) async fn completions(
    State(state): State<AppState>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    AppBytes(body): AppBytes,
) -> AppResult<Response> {
    chat(&state, Dialect::OpenAi, Incoming { uri, headers, body }).await
}

/// Anthropic's messages, likewise.
#[utoipa::path(post, path = "/v1/messages", tag = "chat", request_body = Value,
    responses((status = 200, description = "as Anthropic documents it"),
        (status = "default", body = ErrorBody, description = "what went wrong")))]
pub(crate) async fn messages(
    State(state): State<AppState>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    AppBytes(body): AppBytes,
) -> AppResult<Response> {
    chat(&state, Dialect::Anthropic, Incoming { uri, headers, body }).await
}

/// The tokens of a request to `/v1/messages`, counted by the upstream over what it would read.
#[utoipa::path(post, path = "/v1/messages/count_tokens", tag = "chat", request_body = Value,
    responses((status = 200, description = "as Anthropic documents it"),
        (status = "default", body = ErrorBody, description = "what went wrong")))]
pub(crate) async fn count_tokens(
    State(state): State<AppState>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    AppBytes(body): AppBytes,
) -> AppResult<Response> {
    let proxy = state.proxy().ok_or_else(|| lacks("upstream that counts tokens"))?;
    let incoming = Incoming { uri, headers, body };
    let seen = see(&state, incoming.body.clone()).await?;
    pass(&state, proxy, incoming, &seen).await
}

struct Incoming {
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
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
        return pass(state, proxy, incoming, &seen).await;
    }
    if state.lens().reader().is_err() {
        return Err(lacks("language model of its own and no upstream"));
    }
    let chat = Chat::parse(text(&incoming.body)?, state.options().limits.text_chars)?;
    let evidence = seen.evidence.iter().map(|one| seen.wish.applied(one)).collect();
    speak(state, dialect, chat, seen.wish, evidence).await
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

async fn pass(state: &AppState, proxy: &Proxy, incoming: Incoming, seen: &Seen) -> AppResult<Response> {
    let Incoming { uri, mut headers, body } = incoming;
    let blocks = state.blocks().write(&seen.parts, &seen.evidence, &seen.wish)?;
    for (evidence, block) in seen.evidence.iter().zip(&blocks) {
        let saved = picture_tokens(evidence).saturating_sub(block.tokens);
        state.metrics().add(TOKENS_SAVED, "", saved as f64);
    }
    let texts: Vec<String> = blocks.into_iter().map(|block| block.text).collect();
    let body = replace(text(&body)?, &seen.parts, &texts)?;
    // The text was compressed for nobody: what was read here is plain JSON.
    headers.remove(axum::http::header::CONTENT_ENCODING);
    let path = below_v1(&uri);
    let body = match state.sent() {
        None => body,
        Some(_) => write_down(state, proxy.url(&path), body).await?,
    };
    let forward = Forward { method: Method::POST, path, headers, body: body.into() };
    let mut response = proxy.forward(forward).await?;
    let named: Vec<&str> = seen.evidence.iter().take(NAMED).map(|one| one.image.sha256.as_str()).collect();
    if let Some(value) = HeaderValue::from_str(&named.join(",")).ok().filter(|_| !named.is_empty()) {
        response.headers_mut().insert("x-lens-pictures", value);
    }
    Ok(response)
}

/// The log knows of a request before the upstream does.
async fn write_down(state: &AppState, to: String, body: String) -> AppResult<String> {
    let note = move |state: &AppState| {
        state.sent().map_or(Ok(()), |log| log.note(&to, &body))?;
        Ok(body)
    };
    state.blocking(note).await
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
