//! All routes with what stands before them.

use crate::{
    api::{about, ask, chat, classify, embeddings, evidence, models, status, views},
    description,
    error::{AppError, AppResult},
    guard, mcp, page,
    state::AppState,
};
use axum::{
    Json, Router,
    extract::DefaultBodyLimit,
    http::{HeaderValue, StatusCode},
    middleware::from_fn_with_state,
    routing::get,
};
use lens::{Error, ErrorKind, Result};
use tower_http::{
    cors::{Any, CorsLayer},
    timeout::RequestBodyDeadlineLayer,
};
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The server's routes. Every one, and every path that is none, is behind the guards.
pub fn app(state: AppState) -> Router {
    let (routes, openapi) = documented().split_for_parts();
    // A test completes the same description; here an incomplete one would do.
    let document = description::complete(&openapi).unwrap_or_default();
    let limits = &state.options().limits;
    let docs = description::page(&document);
    let document = Json(document);
    let with = |state: &AppState| state.clone();
    let router = routes
        .route("/", get(page::index))
        .route("/assets/{name}", get(page::asset))
        .route_service("/mcp", mcp::over_http(&state))
        .route("/docs", get(move || std::future::ready(page::made(docs))))
        .route("/openapi.json", get(move || std::future::ready(document)))
        .fallback(nowhere)
        .method_not_allowed_fallback(not_so)
        .layer(DefaultBodyLimit::max(limits.body_bytes))
        .layer(RequestBodyDeadlineLayer::new(limits.request_time))
        .layer(from_fn_with_state(with(&state), guard::access));
    // What asks whether it may call (a preflight request) has no key yet.
    let router = match cors(&state) {
        Some(cors) => router.layer(cors),
        None => router,
    };
    router
        .layer(from_fn_with_state(with(&state), guard::caller))
        .layer(from_fn_with_state(with(&state), guard::bounds))
        .with_state(state)
}

/// The description of the routes (OpenAPI 3.1) as JSON for people.
///
/// # Errors
/// `Internal` when it has no form in JSON.
pub fn document() -> Result<String> {
    let document = description::complete(&documented().into_openapi())?;
    serde_json::to_string_pretty(&document)
        .map_err(|error| Error::new(ErrorKind::Internal, "description of the routes").because(error))
}

#[derive(OpenApi)]
#[openapi(info(
    title = "LENS",
    description = "Eyes for any text-only language model: pictures become evidence in text."
))]
struct Document;

fn documented() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(evidence::look))
        .routes(routes!(evidence::known))
        .routes(routes!(views::views))
        .routes(routes!(ask::ask))
        .routes(routes!(classify::classify))
        .routes(routes!(embeddings::embeddings))
        .routes(routes!(chat::completions))
        .routes(routes!(chat::messages))
        .routes(routes!(chat::count_tokens))
        .routes(routes!(models::models))
        .routes(routes!(about::about))
        .routes(routes!(status::health))
        .routes(routes!(status::ready))
        .routes(routes!(status::metrics))
}

/// Closed, but for the origins that the options name.
fn cors(state: &AppState) -> Option<CorsLayer> {
    let origins: Vec<HeaderValue> =
        state.options().allowed_origins.iter().filter_map(|origin| origin.parse().ok()).collect();
    (!origins.is_empty())
        .then(|| CorsLayer::new().allow_origin(origins).allow_methods(Any).allow_headers(Any))
}

async fn nowhere() -> AppResult<()> {
    Err(AppError::new(StatusCode::NOT_FOUND, "no such route; GET /openapi.json lists them"))
}

async fn not_so() -> AppResult<()> {
    Err(AppError::new(StatusCode::METHOD_NOT_ALLOWED, "the route exists, but not with this method"))
}
