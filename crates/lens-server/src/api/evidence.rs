//! What a picture shows.

use super::{AppJson, PictureRef, event, picture::recall, refused, wants_events};
use crate::{
    engine::Sight,
    error::{AppError, AppResult, ErrorBody},
    state::AppState,
};
use axum::{
    Json,
    body::Bytes,
    extract::{FromRequest, Multipart, Path, Request, State, multipart::MultipartError},
    http::{HeaderMap, header},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::ToSchema;

/// A picture to look at.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EvidenceRequest {
    pub(super) image: PictureRef,
}

/// A picture as a file.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the form's one field")]
pub(crate) struct EvidenceForm {
    #[schema(format = Binary, content_media_type = "application/octet-stream")]
    image: String,
}

/// Looks at a picture. With `Accept: text/event-stream` each module's result comes as it is ready: events `module`
/// with the record so far, then `evidence` with the whole record, or `error`.
#[utoipa::path(post, path = "/v1/evidence", tag = "lens",
    request_body(content((EvidenceRequest = "application/json"), (EvidenceForm = "multipart/form-data"))),
    responses((status = 200, description = "the record", body = ref("#/components/schemas/Evidence")),
        (status = "default", body = ErrorBody, description = "what went wrong")))]
pub(crate) async fn look(State(state): State<AppState>, request: Request) -> AppResult<Response> {
    let events = wants_events(request.headers());
    let sight = if is_form(request.headers()) {
        let bytes = file(request, &state).await?;
        state.blocking(|state| state.engine().see(bytes)).await?
    } else {
        let AppJson(EvidenceRequest { image }) = AppJson::from_request(request, &state).await?;
        image.see(&state, "image").await?
    };
    if events {
        return Ok(Sse::new(modules(sight)).keep_alive(KeepAlive::default()).into_response());
    }
    Ok(Json(&*sight.whole("image").await?).into_response())
}

/// The record of a picture that was seen before.
#[utoipa::path(get, path = "/v1/evidence/{sha256}", tag = "lens",
    params(("sha256" = String, Path, description = "SHA-256 of the picture's bytes, 64 hexadecimal digits")),
    responses((status = 200, description = "the record", body = ref("#/components/schemas/Evidence")),
        (status = "default", body = ErrorBody, description = "what went wrong")))]
pub(crate) async fn known(State(state): State<AppState>, Path(sha256): Path<String>) -> AppResult<Response> {
    let record = state.blocking(move |state| recall(state, &sha256)).await?;
    Ok(Json(&*record).into_response())
}

pub(super) fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("multipart/form-data"))
}

/// The form's field `image`.
pub(super) async fn file(request: Request, state: &AppState) -> AppResult<Bytes> {
    let broken =
        |error: MultipartError| refused(&error, error.status(), format!("the form: {}", error.body_text()));
    let mut form = Multipart::from_request(request, state).await.map_err(|rejection| {
        AppError::new(rejection.status(), format!("the form: {}", rejection.body_text()))
    })?;
    while let Some(field) = form.next_field().await.map_err(broken)? {
        if field.name() == Some("image") {
            return field.bytes().await.map_err(broken);
        }
    }
    Err(AppError::bad("the form: expected a file in the field `image`"))
}

/// A module's result.
#[derive(Serialize)]
struct ModuleEvent<'a> {
    module: &'a str,
    /// Everything seen so far.
    record: &'a lens::Evidence,
}

/// The events of one picture. The task ends when the client stops listening: nobody waits then.
pub(super) fn modules(sight: Sight) -> ReceiverStream<Result<Event, Infallible>> {
    let (out, events) = mpsc::channel(16);
    tokio::spawn(async move {
        if let Some(last) = tell(sight, &out).await {
            _ = out.send(Ok(last)).await;
        }
    });
    ReceiverStream::new(events)
}

/// Tells of each module; gives the last event, or none when nobody listens any more.
async fn tell(sight: Sight, out: &mpsc::Sender<Result<Event, Infallible>>) -> Option<Event> {
    if let Sight::Coming(mut progress) = sight.clone() {
        let mut told = 0;
        loop {
            let now = progress.borrow_and_update().clone();
            for seen in now.seen.iter().skip(told) {
                told += 1;
                let data = ModuleEvent { module: &seen.module, record: &seen.record };
                out.send(Ok(event("module", &data))).await.ok()?;
            }
            if now.outcome.is_some() {
                break;
            }
            tokio::select! {
                changed = progress.changed() => changed.ok()?,
                () = out.closed() => return None,
            }
        }
    }
    Some(match sight.whole("image").await {
        Ok(record) => event("evidence", &*record),
        Err(error) => event("error", &ErrorBody::from(error)),
    })
}
