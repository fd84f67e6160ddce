//! What a server is started with.

use hyper::Uri;
use lens::{Error, ErrorKind, Lens, Result, image::Limits};
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

/// The fence and its explanation take half of it.
const LEAST_EVIDENCE_TOKENS: usize = 256;

/// Settings of a server. The default listens on loopback only, needs no key and answers by itself.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Address to listen on; port 0 takes a free one.
    pub bind: SocketAddr,
    /// The key that every request must bring (`Authorization: Bearer`, `x-api-key`, or the password of HTTP Basic).
    pub api_key: Option<Secret>,
    /// Allows an address that others can reach without a key.
    pub insecure: bool,
    /// Names by which clients may call this server (the `Host` header), beside `localhost` and IP addresses.
    pub allowed_hosts: Vec<String>,
    /// Origins (`https://app.example`) of other pages that may call this server.
    pub allowed_origins: Vec<String>,
    /// Further language models that answer when a request names them: pipelines of which only the reader and its
    /// prompt are used.
    pub readers: Vec<Arc<Lens>>,
    /// Where chats go; without it the server's own language model answers.
    pub upstream: Option<Upstream>,
    /// Only text may leave, to the upstream, and this file gets a line with every request exactly as it was sent.
    pub private: Option<PathBuf>,
    /// Folder whose files requests may name by their path.
    pub media_root: Option<PathBuf>,
    /// Fetches pictures that requests name by URL. Without it nothing is fetched.
    pub remote_images: Option<RemoteImages>,
    /// How much one request may ask for and how much may wait.
    pub limits: ServerLimits,
}

/// An endpoint of the OpenAI or the Anthropic dialect.
#[derive(Debug, Clone)]
pub struct Upstream {
    /// Base URL, with or without `/v1`.
    pub url: String,
    /// The key that the upstream wants. Without it, and where this server has no key of its own, the client's
    /// `Authorization` and `x-api-key` go through.
    pub key: Option<Secret>,
}

/// How pictures of the web are fetched: from addresses of the public internet only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteImages {
    /// Ports that may be connected to.
    pub ports: Vec<u16>,
    /// Time for a picture, with all its redirects.
    pub time: Duration,
    /// Most redirects; each is checked like the first URL.
    pub redirects: usize,
}

/// Bounds. Beyond them a request is refused with a typed error.
#[derive(Debug, Clone)]
pub struct ServerLimits {
    /// Most bytes of a request's body.
    pub body_bytes: usize,
    /// Most pictures in one request.
    pub images: usize,
    /// What a picture may be.
    pub picture: Limits,
    /// Most characters of a question, a label or a text to embed.
    pub text_chars: usize,
    /// Most labels of one classification and texts of one embedding request.
    pub texts: usize,
    /// Most pictures that wait to be looked at.
    pub queue: usize,
    /// Most questions that wait for the server's own language model.
    pub answers: usize,
    /// Most pictures looked at together.
    pub batch: usize,
    /// Most pixels decoded ahead of being looked at, and most looked at together; a picture that is begun below it is
    /// decoded whole.
    pub batch_pixels: u64,
    /// Most records kept in memory.
    pub recent: usize,
    /// Most bytes of these, as JSON.
    pub recent_bytes: usize,
    /// Most tokens of one picture's text for an upstream, where the request does not say (`lens.tokens`).
    pub evidence_tokens: usize,
    /// Most tokens of the texts of all pictures of a request for an upstream. `None`: as many as the pictures have.
    pub evidence_total: Option<usize>,
    /// Most tokens of an answer of this server's own language models; a request that allows more gets as many.
    pub answer_tokens: usize,
    /// Most connections at a time.
    pub connections: usize,
    /// Time for the head of a request, and again for its body.
    pub request_time: Duration,
    /// Time until an answer begins.
    pub answer_time: Duration,
    /// Time for which a client may take nothing of an answer that is there; then its connection ends.
    pub unread_time: Duration,
    /// Time that requests under way get when the server ends.
    pub shutdown_time: Duration,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            bind: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 5367),
            api_key: None,
            insecure: false,
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            readers: Vec::new(),
            upstream: None,
            private: None,
            media_root: None,
            remote_images: None,
            limits: ServerLimits::default(),
        }
    }
}

impl Default for RemoteImages {
    fn default() -> Self {
        Self { ports: vec![80, 443], time: Duration::from_secs(10), redirects: 3 }
    }
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            body_bytes: 64 << 20,
            images: 64,
            picture: Limits { pixels: 64_000_000, bytes: 24 << 20, ..Limits::default() },
            text_chars: 8_000,
            texts: 256,
            queue: 64,
            answers: 64,
            batch: 8,
            batch_pixels: 64_000_000,
            recent: 1024,
            recent_bytes: 32 << 20,
            evidence_tokens: 1024,
            evidence_total: None,
            answer_tokens: 1024,
            connections: 256,
            request_time: Duration::from_mins(1),
            answer_time: Duration::from_mins(5),
            unread_time: Duration::from_mins(1),
            shutdown_time: Duration::from_secs(30),
        }
    }
}

impl ServerOptions {
    /// Refuses settings that would open the server to others by mistake, or that cannot work.
    ///
    /// # Errors
    /// `Config` for an address that others can reach without a key, an empty key, an upstream that is no URL, a private
    /// server that fetches pictures, or too few tokens for any evidence.
    pub fn check(&self) -> Result<()> {
        if self.api_key.as_ref().is_some_and(|key| key.0.is_empty()) {
            return Err(Error::new(ErrorKind::Config, "API key").expected("a text").found("nothing"));
        }
        if !self.bind.ip().is_loopback() && self.api_key.is_none() && !self.insecure {
            return Err(Error::new(ErrorKind::Config, "address to listen on")
                .expected("one of this machine only (127.0.0.1), or an API key")
                .found(self.bind.ip().to_string())
                .hint("set an API key; --insecure lets anyone in who reaches the address"));
        }
        if self.private.is_some() && self.remote_images.is_some() {
            return Err(Error::new(ErrorKind::Config, "remote images")
                .expected("none on a private server: fetching tells others which pictures are looked at")
                .found("remote images allowed")
                .hint("leave one of the two out"));
        }
        if self.limits.evidence_tokens < LEAST_EVIDENCE_TOKENS {
            return Err(Error::new(ErrorKind::Config, "tokens of one picture's evidence")
                .expected(format!("at least {LEAST_EVIDENCE_TOKENS}"))
                .found(self.limits.evidence_tokens.to_string()));
        }
        self.upstream.as_ref().map_or(Ok(()), |upstream| upstream.base().map(|_| ()))
    }
}

impl Upstream {
    /// The base URL up to and with `/v1`.
    pub(crate) fn base(&self) -> Result<String> {
        let trimmed = self.url.trim_end_matches('/');
        let uri: Option<Uri> = trimmed.parse().ok();
        let usable = uri.is_some_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.host().is_some()
                && uri.query().is_none()
        });
        if !usable {
            return Err(Error::new(ErrorKind::Config, "upstream")
                .expected("an http:// or https:// URL without a query")
                .found(format!("`{}`", self.url)));
        }
        Ok(if trimmed.ends_with("/v1") { trimmed.to_owned() } else { format!("{trimmed}/v1") })
    }
}

/// A text that no log shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Whether `other` is the same text, in a time that does not tell where the two differ.
    pub(crate) fn is(&self, other: &str) -> bool {
        use sha2::{Digest, Sha256};
        let (own, theirs) = (Sha256::digest(&self.0), Sha256::digest(other));
        own.iter().zip(theirs).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::{RemoteImages, Secret, ServerLimits, ServerOptions, Upstream};

    #[test]
    fn an_address_for_others_needs_a_key() {
        let open = ServerOptions { bind: ([0, 0, 0, 0], 80).into(), ..ServerOptions::default() };
        assert!(open.check().unwrap_err().to_string().contains("0.0.0.0"));
        assert!(ServerOptions { api_key: Some(Secret::new("k")), ..open.clone() }.check().is_ok());
        assert!(ServerOptions { api_key: Some(Secret::new("")), ..open.clone() }.check().is_err());
        assert!(ServerOptions { insecure: true, ..open }.check().is_ok());
        assert!(ServerOptions::default().check().is_ok());
    }

    #[test]
    fn a_private_server_fetches_nothing() {
        let private = ServerOptions { private: Some("sent.jsonl".into()), ..ServerOptions::default() };
        assert!(private.check().is_ok());
        let fetching = ServerOptions { remote_images: Some(RemoteImages::default()), ..private };
        assert!(fetching.check().unwrap_err().to_string().contains("remote images"));
    }

    #[test]
    fn evidence_needs_room_for_more_than_its_fence() {
        let with = |evidence_tokens| {
            let limits = ServerLimits { evidence_tokens, ..ServerLimits::default() };
            ServerOptions { limits, ..ServerOptions::default() }.check()
        };
        assert!(with(256).is_ok());
        assert!(with(255).unwrap_err().to_string().contains("at least 256"));
    }

    #[test]
    fn an_upstream_is_a_url() {
        let base = |url: &str| Upstream { url: url.into(), key: None }.base().ok();
        assert_eq!(base("http://localhost:11434").unwrap(), "http://localhost:11434/v1");
        assert_eq!(base("https://api.example/v1/").unwrap(), "https://api.example/v1");
        for wrong in ["localhost:1", "file:///etc/passwd", "", "http://x/?y", "gopher://x"] {
            assert_eq!(base(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_secret_shows_itself_to_nobody() {
        assert_eq!(format!("{:?}", Secret::new("hush")), "Secret");
        assert!(Secret::new("hush").is("hush") && !Secret::new("hush").is("hus"));
    }
}
