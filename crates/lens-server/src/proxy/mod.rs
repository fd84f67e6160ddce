//! The way to the upstream and back: nothing is changed but the pictures.

mod headers;
mod sent;

use crate::{
    error::{AppError, AppResult},
    options::{Secret, ServerOptions},
};
use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header},
    response::Response,
};
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use lens::{Error, ErrorKind, Result};
use sent::SentLog;
use std::{error::Error as _, sync::Arc, time::Duration};

/// How long the upstream may take to accept a connection. Its answer may take as long as any.
const CONNECT: Duration = Duration::from_secs(10);

/// The upstream.
#[derive(Debug)]
pub(crate) struct Proxy {
    base: String,
    key: Option<HeaderValue>,
    bare_key: Option<HeaderValue>,
    /// Whether the client's key is for this server and not for the upstream.
    keeps_keys: bool,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    /// What a private server writes down before it leaves.
    sent: Option<Arc<SentLog>>,
}

/// A request for the upstream.
pub(crate) struct Forward {
    pub(crate) method: Method,
    /// Path below `/v1`, such as `/chat/completions`, with the query.
    pub(crate) path: String,
    /// The client's.
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Proxy {
    /// The way to the upstream of the options, if they have one.
    ///
    /// # Errors
    /// `Config` for a URL or a key that cannot be used, and when the log of what is sent cannot be opened.
    pub(crate) fn of(options: &ServerOptions) -> Result<Option<Self>> {
        let Some(upstream) = &options.upstream else { return Ok(None) };
        let mut http = HttpConnector::new();
        http.set_connect_timeout(Some(CONNECT));
        http.enforce_http(false);
        let https = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        let header = |prefix: &str, key: &Secret| {
            let mut value = HeaderValue::try_from(format!("{prefix}{}", key.expose())).map_err(|_| {
                Error::new(ErrorKind::Config, "key of the upstream").expected("visible ASCII characters")
            })?;
            value.set_sensitive(true);
            Ok(value)
        };
        Ok(Some(Self {
            base: upstream.base()?,
            key: upstream.key.as_ref().map(|key| header("Bearer ", key)).transpose()?,
            bare_key: upstream.key.as_ref().map(|key| header("", key)).transpose()?,
            // Where the server has a key, clients bring that one.
            keeps_keys: options.api_key.is_some() || upstream.key.is_some(),
            client: Client::builder(TokioExecutor::new()).build(https),
            sent: options.private.as_deref().map(SentLog::open).transpose()?.map(Arc::new),
        }))
    }

    /// Sends a request and gives the answer back as it comes: status, headers and every byte of the body. The only way
    /// by which anything leaves; a private server writes it down first.
    pub(crate) async fn forward(&self, forward: Forward) -> AppResult<Response> {
        let Forward { method, path, headers, body } = forward;
        let url = format!("{}{path}", self.base);
        let body = match &self.sent {
            Some(log) => SentLog::note(Arc::clone(log), url.clone(), body).await?,
            None => body,
        };
        let mut request = Request::builder()
            .method(method)
            .uri(url)
            .body(Full::from(body))
            .map_err(|_| AppError::bad("the path of the request"))?;
        *request.headers_mut() = self.headers(&headers, &path);
        let answer = self.client.request(request).await.map_err(|error| {
            tracing::error!(%error, source = ?error.source().map(ToString::to_string), "upstream");
            AppError::new(
                StatusCode::BAD_GATEWAY,
                "the upstream cannot be reached; the server's log says why",
            )
        })?;
        let (mut head, body) = answer.into_parts();
        headers::remove_hop_by_hop(&mut head.headers);
        Ok(Response::from_parts(head, Body::new(body)))
    }

    fn headers(&self, clients: &HeaderMap, path: &str) -> HeaderMap {
        let mut headers = headers::for_upstream(clients);
        if self.sent.is_some() {
            headers::keep_known(&mut headers);
        }
        if self.keeps_keys {
            headers.remove(header::AUTHORIZATION);
            headers.remove("x-api-key");
        }
        // Each dialect has its own header for the key.
        let (name, key) = if path.starts_with("/messages") {
            (header::HeaderName::from_static("x-api-key"), &self.bare_key)
        } else {
            (header::AUTHORIZATION, &self.key)
        };
        if let Some(key) = key {
            headers.insert(name, key.clone());
        }
        headers
    }
}
