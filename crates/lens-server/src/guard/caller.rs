//! By which name and from which page a request comes.
//!
//! A page of another site can make a browser call a server on this machine, directly (then the browser tells its
//! origin) or by letting its own name point here (then the `Host` is that name). Both are refused.

use super::text;
use crate::{error::AppError, options::ServerOptions, state::AppState};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::net::IpAddr;

/// Refuses other names and other pages.
pub(crate) async fn caller(State(state): State<AppState>, request: Request, next: Next) -> Response {
    match check(state.options(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

fn check(options: &ServerOptions, headers: &HeaderMap) -> Result<(), AppError> {
    let forbidden = |told: &str| AppError::new(StatusCode::FORBIDDEN, told);
    let host = text(headers, &header::HOST).unwrap_or_default();
    if !host_is_allowed(options, host) {
        return Err(forbidden(
            "this server is not called by this name; allow it where the server is started",
        ));
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default();
    let own = ["http://", "https://"].iter().any(|scheme| origin.strip_prefix(scheme) == Some(host));
    if own || options.allowed_origins.iter().any(|allowed| allowed == origin) {
        return Ok(());
    }
    Err(forbidden(
        "pages of other sites may not call this server; allow the origin where the server is started",
    ))
}

/// `localhost`, what the options allow, and IP addresses: on loopback only those of loopback. An address cannot be
/// made to point elsewhere as a name can.
fn host_is_allowed(options: &ServerOptions, host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = name.parse::<IpAddr>() {
        return address.is_loopback() || !options.bind.ip().is_loopback();
    }
    let known = |allowed: &str| allowed.eq_ignore_ascii_case(name) || allowed.eq_ignore_ascii_case(host);
    known("localhost") || options.allowed_hosts.iter().any(|allowed| known(allowed))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::options::ServerOptions;
    use axum::http::HeaderMap;

    fn passes(options: &ServerOptions, host: &str, origin: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert("host", host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert("origin", origin.parse().unwrap());
        }
        check(options, &headers).is_ok()
    }

    #[test]
    fn names_and_pages() {
        struct Case(&'static str, Option<&'static str>, bool);
        let options = ServerOptions {
            allowed_hosts: vec!["eyes.lan".into()],
            allowed_origins: vec!["https://app.example".into()],
            ..ServerOptions::default()
        };
        let cases = [
            Case("localhost:5367", None, true),
            Case("127.0.0.1:5367", None, true),
            Case("[::1]:5367", None, true),
            Case("eyes.lan", None, true),
            Case("eyes.lan:80", None, true),
            Case("evil.example:5367", None, false),
            Case("localhost.evil.example", None, false),
            Case("192.168.1.2:5367", None, false),
            Case("", None, false),
            Case("localhost:5367", Some("http://localhost:5367"), true),
            Case("localhost:5367", Some("http://localhost:3000"), false),
            Case("localhost:5367", Some("https://app.example"), true),
            Case("localhost:5367", Some("https://evil.example"), false),
            Case("localhost:5367", Some("null"), false),
        ];
        for Case(host, origin, expected) in cases {
            assert_eq!(passes(&options, host, origin), expected, "{host} {origin:?}");
        }
    }

    #[test]
    fn an_open_address_is_called_by_any_address() {
        let options = ServerOptions { bind: ([0, 0, 0, 0], 80).into(), ..ServerOptions::default() };
        assert!(passes(&options, "192.168.1.2:5367", None));
        assert!(!passes(&options, "evil.example", None));
    }
}
