//! Which headers pass.

use axum::http::{HeaderMap, HeaderName, header};

/// Those of one connection (RFC 9110, section 7.6.1); the next connection has its own.
const HOP_BY_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// What is between the client and this server: its address, and what a browser tells about its user and its page.
const OURS: [HeaderName; 6] =
    [header::HOST, header::CONTENT_LENGTH, header::COOKIE, header::ORIGIN, header::REFERER, header::EXPECT];

/// What the two dialects need. A private server sends no others: they could hold anything.
const KNOWN: [&str; 9] = [
    "accept",
    "anthropic-beta",
    "anthropic-version",
    "authorization",
    "content-type",
    "openai-organization",
    "openai-project",
    "user-agent",
    "x-api-key",
];

/// Removes headers that neither dialect needs.
pub(super) fn keep_known(headers: &mut HeaderMap) {
    let others: Vec<HeaderName> =
        headers.keys().filter(|name| !KNOWN.contains(&name.as_str())).cloned().collect();
    for name in others {
        headers.remove(name);
    }
}

/// The client's headers as the upstream gets them.
pub(super) fn for_upstream(clients: &HeaderMap) -> HeaderMap {
    let mut headers = clients.clone();
    remove_hop_by_hop(&mut headers);
    let fetched: Vec<HeaderName> =
        headers.keys().filter(|name| name.as_str().starts_with("sec-")).cloned().collect();
    for name in OURS.iter().chain(&fetched) {
        headers.remove(name);
    }
    headers
}

/// Removes what belongs to one connection, and what `Connection` names.
pub(super) fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in HOP_BY_HOP.iter().chain(&named) {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::{for_upstream, keep_known};
    use axum::http::HeaderMap;

    #[test]
    fn what_is_between_two_stays_between_them() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "keep-alive, X-Private"),
            ("x-private", "1"),
            ("transfer-encoding", "chunked"),
            ("host", "localhost"),
            ("cookie", "session=1"),
            ("sec-fetch-site", "same-origin"),
            ("authorization", "Bearer k"),
            ("anthropic-version", "2023-06-01"),
            ("x-stainless-lang", "python"),
        ] {
            headers.append(name, value.parse().unwrap());
        }
        let upstream = for_upstream(&headers);
        let mut names: Vec<&str> = upstream.keys().map(axum::http::HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["anthropic-version", "authorization", "x-stainless-lang"]);
        let mut private = upstream;
        keep_known(&mut private);
        assert!(private.len() == 2 && !private.contains_key("x-stainless-lang"));
    }
}
