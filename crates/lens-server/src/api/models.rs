//! Which models answer.

use crate::{error::AppResult, proxy::Forward, state::AppState};
use axum::{
    Json,
    body::Bytes,
    extract::{OriginalUri, State},
    http::{HeaderMap, Method},
    response::{IntoResponse, Response},
};
use serde_json::json;

/// The models of the upstream, or this server's own.
#[utoipa::path(get, path = "/v1/models", tag = "chat", responses((status = 200, description = "a list of models")))]
pub(crate) async fn models(
    State(state): State<AppState>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> AppResult<Response> {
    if let Some(proxy) = state.proxy() {
        let path = super::chat::below_v1(&uri);
        return proxy.forward(Forward { method: Method::GET, path, headers, body: Bytes::new() }).await;
    }
    let own = state.lens().reader().map(|llm| llm.info().name).ok();
    let model = |id| json!({"id": id, "object": "model", "type": "model", "display_name": id, "created": 0, "owned_by": "lens"});
    let data: Vec<_> = own.into_iter().map(model).collect();
    Ok(Json(json!({"object": "list", "data": data, "has_more": false})).into_response())
}
