//! Bodies, with our errors.

use crate::error::AppError;
use axum::{
    Json,
    body::Bytes,
    extract::{FromRequest, Request, rejection::JsonRejection},
    http::StatusCode,
};
use std::error::Error;
use tower_http::timeout::TimeoutError;

/// [`Json`] whose rejections are [`AppError`]s.
pub(crate) struct AppJson<T>(pub(crate) T);

impl<S: Send + Sync, T> FromRequest<S> for AppJson<T>
where
    Json<T>: FromRequest<S, Rejection = JsonRejection>,
{
    type Rejection = AppError;

    async fn from_request(request: Request, state: &S) -> Result<Self, AppError> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(value)) => Ok(Self(value)),
            Err(rejection) => Err(refused(&rejection, rejection.status(), rejection.body_text())),
        }
    }
}

/// A body as it came, whose rejections are [`AppError`]s.
pub(crate) struct AppBytes(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for AppBytes {
    type Rejection = AppError;

    async fn from_request(request: Request, state: &S) -> Result<Self, AppError> {
        match Bytes::from_request(request, state).await {
            Ok(bytes) => Ok(Self(bytes)),
            Err(rejection) => Err(refused(&rejection, rejection.status(), rejection.body_text())),
        }
    }
}

/// What a client is told of its body: that it came too late, or `text`.
pub(crate) fn refused(rejection: &(dyn Error + 'static), status: StatusCode, text: String) -> AppError {
    let mut cause = Some(rejection);
    while let Some(error) = cause {
        if error.is::<TimeoutError>() {
            return AppError::new(StatusCode::REQUEST_TIMEOUT, "the body did not come in time");
        }
        cause = error.source();
    }
    AppError::new(status, text)
}
