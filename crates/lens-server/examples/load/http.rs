//! One client of the server.

use crate::Fault;
use axum::{
    body::Bytes,
    http::{HeaderMap, Request, StatusCode},
};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use std::time::Duration;

/// Keeps its connection.
#[derive(Debug, Clone)]
pub(crate) struct Http(Client<HttpConnector, Full<Bytes>>);

impl Http {
    pub(crate) fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self(Client::builder(TokioExecutor::new()).build(connector))
    }

    /// The status of a route.
    pub(crate) async fn get(&self, url: &str) -> Result<StatusCode, Fault> {
        Ok(self.0.request(Request::get(url).body(Full::default())?).await?.status())
    }

    /// The text of a route.
    pub(crate) async fn text(&self, url: &str) -> Result<String, Fault> {
        let answer = self.0.request(Request::get(url).body(Full::default())?).await?;
        Ok(String::from_utf8_lossy(&answer.into_body().collect().await?.to_bytes()).into_owned())
    }

    /// Posts JSON and reads the whole answer.
    pub(crate) async fn post(&self, url: &str, body: Bytes) -> Result<(StatusCode, HeaderMap, Bytes), Fault> {
        let request = Request::post(url).header("content-type", "application/json").body(Full::new(body))?;
        let (head, body) = self.0.request(request).await?.into_parts();
        Ok((head.status, head.headers, body.collect().await?.to_bytes()))
    }

    /// Posts until the server has room, waiting as long as it says. Gives the answer and how often there was none.
    pub(crate) async fn post_patiently(&self, url: &str, body: Bytes) -> Result<(Bytes, usize), Fault> {
        let mut refused = 0;
        loop {
            let (status, headers, answer) = self.post(url, body.clone()).await?;
            if status == StatusCode::TOO_MANY_REQUESTS {
                let seconds = headers.get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
                tokio::time::sleep(Duration::from_secs(seconds.unwrap_or(1))).await;
                refused += 1;
            } else if status == StatusCode::OK {
                return Ok((answer, refused));
            } else {
                return Err(format!("{status}: {}", String::from_utf8_lossy(&answer)).into());
            }
        }
    }
}
