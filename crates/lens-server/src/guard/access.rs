//! The key.

use super::text;
use crate::{error::AppError, options::Secret, state::AppState};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};

/// The header of the Anthropic dialect.
const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Lets a request through that brings the key, or any when the server has none.
pub(crate) async fn access(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let wanted = state.options().api_key.as_ref();
    if wanted.is_none_or(|key| brings(key, request.headers())) {
        return next.run(request).await;
    }
    let told = "this server wants its API key: Authorization: Bearer KEY, or x-api-key: KEY";
    AppError::new(StatusCode::UNAUTHORIZED, told).into_response()
}

fn brings(key: &Secret, headers: &HeaderMap) -> bool {
    let bare = text(headers, &X_API_KEY).is_some_and(|value| key.is(value));
    bare || text(headers, &header::AUTHORIZATION).is_some_and(|value| authorizes(key, value))
}

fn authorizes(key: &Secret, value: &str) -> bool {
    let Some((scheme, credentials)) = value.split_once(' ') else { return false };
    if scheme.eq_ignore_ascii_case("bearer") {
        return key.is(credentials.trim());
    }
    // A browser asks its user for a name and a password; the name does not matter.
    scheme.eq_ignore_ascii_case("basic")
        && STANDARD
            .decode(credentials.trim())
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .is_some_and(|pair| pair.split_once(':').is_some_and(|(_, password)| key.is(password)))
}

#[cfg(test)]
mod tests {
    use super::authorizes;
    use crate::options::Secret;

    #[test]
    fn the_key_is_brought_in_three_ways() {
        let key = Secret::new("k:1");
        // base64 of "any:k:1" and of "any:no"
        for good in ["Bearer k:1", "bearer k:1", "Basic YW55Oms6MQ=="] {
            assert!(authorizes(&key, good), "{good}");
        }
        for bad in ["k:1", "Bearer", "Bearer k", "Basic YW55Om5v", "Basic %", "Digest k:1", ""] {
            assert!(!authorizes(&key, bad), "{bad}");
        }
    }
}
