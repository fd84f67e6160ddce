//! Pictures of the web, where that is allowed.
//!
//! Whoever names a URL makes this server connect to it, so the server must not become a way into networks that only
//! it can reach. A name is resolved once; every address must be one of the public internet; the connection goes to an
//! address that was checked; each redirect is checked again. Proxies of the environment are not used.

use super::address::is_global;
use crate::{
    error::{AppError, AppResult},
    options::RemoteImages,
};
use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, Request, Response, StatusCode, Uri, header},
};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioIo},
};
use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};
use tokio::net::TcpStream;
use url::Url;

/// Fetches pictures.
#[derive(Debug)]
pub(super) struct Remote {
    options: RemoteImages,
    /// Most bytes of a picture.
    bytes: u64,
    /// Which addresses may be connected to: [`is_global`], and in tests loopback too.
    may_connect: fn(IpAddr) -> bool,
}

impl Remote {
    pub(super) fn new(options: RemoteImages, bytes: u64) -> Self {
        Self { options, bytes, may_connect: is_global }
    }

    #[cfg(test)]
    pub(super) fn connecting_to(self, may_connect: fn(IpAddr) -> bool) -> Self {
        Self { may_connect, ..self }
    }

    /// The bytes behind a URL.
    pub(super) async fn get(&self, url: &str, subject: &str) -> AppResult<Bytes> {
        let fetched = tokio::time::timeout(self.options.time, self.follow(url));
        let outcome = fetched.await.unwrap_or_else(|_| {
            Err(refusal(format!("the picture did not come within {} s", self.options.time.as_secs_f32())))
        });
        outcome.map_err(|error| AppError { message: format!("{subject}: {}", error.message), ..error })
    }

    async fn follow(&self, url: &str) -> AppResult<Bytes> {
        let mut url = Url::parse(url).map_err(|_| refusal("this is no URL"))?;
        for _ in 0..=self.options.redirects {
            let response = self.request(&url).await?;
            let Some(next) = redirect(&url, &response)? else { return self.body(response).await };
            url = next;
        }
        Err(refusal(format!("more than {} redirects", self.options.redirects)))
    }

    /// One request, after all checks.
    async fn request(&self, url: &Url) -> AppResult<Response<Incoming>> {
        let addresses = self.addresses(url).await?;
        let uri: Uri = url.as_str().parse().map_err(|_| refusal("this is no URL"))?;
        let connect = tower::service_fn(move |_: Uri| {
            let addresses = Arc::clone(&addresses);
            async move { TcpStream::connect(&*addresses).await.map(TokioIo::new) }
        });
        let https = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .wrap_connector(connect);
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(https);
        let mut request = Request::new(Empty::<Bytes>::new());
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        headers.insert(header::ACCEPT, HeaderValue::from_static("image/*"));
        headers.insert(
            header::USER_AGENT,
            HeaderValue::from_static(concat!("lens/", env!("CARGO_PKG_VERSION"))),
        );
        client.request(request).await.map_err(|error| {
            tracing::warn!(%error, "a picture of the web");
            unreachable()
        })
    }

    /// Where the connection may go: all addresses of the host, or an error when one of them is not allowed.
    async fn addresses(&self, url: &Url) -> AppResult<Arc<[SocketAddr]>> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refusal("only http: and https: URLs are fetched"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refusal("a URL with a user's name is not fetched"));
        }
        let port = url.port_or_known_default().unwrap_or_default();
        if !self.options.ports.contains(&port) {
            return Err(refusal(format!("pictures are not fetched from port {port}")));
        }
        let host = url.host_str().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let resolved: io::Result<Vec<SocketAddr>> =
            tokio::net::lookup_host((host, port)).await.map(Iterator::collect);
        let addresses = resolved.map_err(|_| unreachable())?;
        if addresses.is_empty() {
            return Err(unreachable());
        }
        if addresses.iter().any(|address| !(self.may_connect)(address.ip())) {
            return Err(refusal("the URL leads to an address that is not of the public internet"));
        }
        Ok(addresses.into())
    }

    /// The body, never more of it than a picture may have.
    async fn body(&self, response: Response<Incoming>) -> AppResult<Bytes> {
        if response.status() != StatusCode::OK {
            return Err(refusal(format!("the URL answered with status {}", response.status().as_u16())));
        }
        let most = usize::try_from(self.bytes).unwrap_or(usize::MAX);
        let limited = http_body_util::Limited::new(Body::new(response.into_body()), most);
        let collected = limited.collect().await.map_err(|error| {
            if error.downcast_ref::<http_body_util::LengthLimitError>().is_some() {
                return refusal(format!("the picture has more than {most} bytes"));
            }
            unreachable()
        });
        Ok(collected?.to_bytes())
    }
}

/// Where a redirect leads. From https it never leads to http.
fn redirect(from: &Url, response: &Response<Incoming>) -> AppResult<Option<Url>> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
    let to = location.and_then(|location| from.join(location).ok());
    let to = to.ok_or_else(|| refusal("the URL redirects to nowhere"))?;
    if from.scheme() == "https" && to.scheme() != "https" {
        return Err(refusal("the URL redirects from https to another scheme"));
    }
    Ok(Some(to))
}

fn refusal(told: impl Into<String>) -> AppError {
    AppError::bad(told)
}

/// One text for names without an address, closed ports and broken answers: it tells nothing of the network.
fn unreachable() -> AppError {
    AppError::bad("the URL cannot be fetched")
}
