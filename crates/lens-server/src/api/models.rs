//! Which models answer.

use crate::{error::AppResult, proxy::Forward, state::AppState};
use axum::{
    Json,
    extract::{OriginalUri, State},
    http::{HeaderMap, Method},
    response::{IntoResponse, Response},
};
use lens::LlmInfo;
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
        return proxy.forward(Forward { method: Method::GET, path, headers, body: String::new() }).await;
    }
    let model = |LlmInfo { name, .. }: &LlmInfo| json!({"id": name, "object": "model", "type": "model", "display_name": name, "created": 0, "owned_by": "lens"});
    let data: Vec<_> = state.answers().readers().infos().map(model).collect();
    Ok(Json(json!({"object": "list", "data": data, "has_more": false})).into_response())
}
