//! What a client is told when something goes wrong: one table from the kind of an error to a status, and texts that
//! show nothing of the server's inside.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use lens::{Error, ErrorKind};
use serde::Serialize;
use std::error::Error as _;
use utoipa::ToSchema;

/// How long a client is asked to wait when the server has too much to do, in seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// The result of a handler.
pub(crate) type AppResult<T> = Result<T, AppError>;

/// A public error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AppError {
    pub(crate) status: StatusCode,
    pub(crate) message: String,
}

/// The body of an error. Clients of the OpenAI and of the Anthropic dialect both find their fields in it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    /// Always `error`.
    #[serde(rename = "type")]
    kind: &'static str,
    error: ErrorDetail,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorDetail {
    /// The kind: `invalid_request_error`, `authentication_error`, `permission_error`, `not_found_error`,
    /// `request_too_large`, `rate_limit_error`, `overloaded_error`, `api_error`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// What happened and what to do, for a person.
    message: String,
    /// Always null.
    param: Option<String>,
    /// The status as a number.
    code: u16,
}

impl AppError {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    /// A mistake of the client.
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(crate) fn overloaded() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "the server has too much to do; try again in a second")
    }

    /// The public form of `error` about `subject`, the client's name of the thing. The error's own name of it may
    /// be a path and goes to the log only, as do the details of what is not the client's mistake.
    pub(crate) fn about(subject: &str, error: &Error) -> Self {
        let status = status(error.kind());
        let text = match error.kind() {
            ErrorKind::Input => match (error.expectation(), error.finding()) {
                (Some(expected), Some(found)) => format!("expected {expected}, found {found}"),
                (Some(expected), None) => format!("expected {expected}"),
                (None, Some(found)) => found.to_owned(),
                (None, None) => "cannot be used".to_owned(),
            },
            ErrorKind::Overloaded => return Self { status, ..Self::overloaded() },
            ErrorKind::Remote => "the language model's endpoint did not answer as agreed".to_owned(),
            ErrorKind::Model => "a model gave no usable result".to_owned(),
            _ => "the server could not do it; its log says why".to_owned(),
        };
        if status.is_server_error() {
            tracing::error!(error = %error, source = ?error.source().map(ToString::to_string), "{subject}");
        }
        Self::new(status, format!("{subject}: {text}"))
    }
}

/// The table from kinds to statuses.
pub(crate) fn status(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Input => StatusCode::BAD_REQUEST,
        ErrorKind::Overloaded => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Remote => StatusCode::BAD_GATEWAY,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn kind_name(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "authentication_error",
        403 => "permission_error",
        404 | 405 | 501 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        503 | 504 => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    }
}

impl From<AppError> for ErrorBody {
    fn from(AppError { status, message }: AppError) -> Self {
        let error = ErrorDetail { kind: kind_name(status), message, param: None, code: status.as_u16() };
        Self { kind: "error", error }
    }
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        let status = self.status;
        let mut response = (status, Json(ErrorBody::from(self))).into_response();
        if status == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        if status == StatusCode::UNAUTHORIZED {
            // A browser that opens the page then asks for the key.
            let ask = HeaderValue::from_static("Basic realm=\"lens\", charset=\"UTF-8\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, ask);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::AppError;
    use lens::{Error, ErrorKind};

    #[test]
    fn kinds_have_statuses_and_no_text_shows_the_inside() {
        struct Case(ErrorKind, u16);
        let cases = [
            Case(ErrorKind::Input, 400),
            Case(ErrorKind::Overloaded, 429),
            Case(ErrorKind::Remote, 502),
            Case(ErrorKind::Config, 500),
            Case(ErrorKind::Weights, 500),
            Case(ErrorKind::Model, 500),
            Case(ErrorKind::Internal, 500),
        ];
        for Case(kind, status) in cases {
            let cause = std::io::Error::other("/root/secret");
            let error =
                Error::new(kind, "/home/me/model.safetensors").because(cause).hint("look at /home/me");
            let public = AppError::about("picture 1", &error);
            assert_eq!(public.status.as_u16(), status);
            assert!(!public.message.contains('/'), "{}", public.message);
        }
    }

    #[test]
    fn the_clients_mistakes_are_told() {
        let error = Error::new(ErrorKind::Input, "x").expected("a picture").found("a PDF document");
        let public = AppError::about("picture 1", &error);
        assert_eq!(public.message, "picture 1: expected a picture, found a PDF document");
    }
}
