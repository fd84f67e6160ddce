//! `lens serve`: where it listens, whom it lets in, where chats go, and how much it takes. `lens mcp`: the same for
//! one agent over stdin and stdout.

use clap::Args;
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

/// The port when only an address is given.
const PORT: u16 = 5367;

/// Serve eyes over HTTP: a page, an OpenAI-compatible API, a proxy
///
/// A program that sends pictures to a text-only model through this server just
/// works: each picture becomes its evidence in text. Without --upstream the
/// language model of the preset answers.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lens serve
  lens serve --another-llm http://localhost:11434/v1#llama3.2
  lens serve --upstream http://localhost:11434/v1
  LENS_UPSTREAM_KEY=... lens serve --upstream https://api.example.com/v1
  LENS_API_KEY=... lens serve --bind 0.0.0.0:5367 --allow-host eyes.example")]
pub(crate) struct Serve {
    /// Address to listen on: IP, IP:PORT or PORT; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", env = "LENS_BIND", hide_env = true, default_value = "127.0.0.1:5367", value_parser = address)]
    pub(crate) bind: SocketAddr,

    /// Base URL of the OpenAI- or Anthropic-compatible endpoint that answers chats
    #[arg(long, value_name = "URL", env = "LENS_UPSTREAM", hide_env = true)]
    pub(crate) upstream: Option<String>,

    /// Another language model that the page and requests may choose, given as for --llm (repeatable)
    #[arg(long, value_name = "MODEL")]
    pub(crate) another_llm: Vec<String>,

    /// Most tokens of one picture's evidence for the upstream, where a request does not say (lens.tokens)
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(256..))]
    pub(crate) evidence_tokens: u32,

    /// Most tokens of all evidence in a request for the upstream; beyond it: 413 [default: no limit]
    #[arg(long, value_name = "N", requires = "upstream", value_parser = clap::value_parser!(u32).range(256..))]
    pub(crate) evidence_total: Option<u32>,

    /// File with the upstream's key [default: $LENS_UPSTREAM_KEY, else the client's key passes]
    #[arg(long, value_name = "FILE", requires = "upstream")]
    pub(crate) upstream_key_file: Option<PathBuf>,

    /// Only text leaves, to the upstream, and FILE gets every request exactly as it was sent
    #[arg(long, value_name = "FILE", requires = "upstream")]
    pub(crate) private: Option<PathBuf>,

    /// File with the key that clients must bring [default: $LENS_API_KEY, else none]
    #[arg(long, value_name = "FILE")]
    pub(crate) api_key_file: Option<PathBuf>,

    /// Let anyone in who reaches the address
    #[arg(long)]
    pub(crate) insecure: bool,

    /// A name by which clients call this server, besides localhost (repeatable)
    #[arg(long, value_name = "NAME")]
    pub(crate) allow_host: Vec<String>,

    /// An origin such as https://app.example whose pages may call (repeatable)
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) allow_origin: Vec<String>,

    #[command(flatten)]
    pub(crate) images: ServeImages,

    #[command(flatten)]
    pub(crate) limits: ServeLimits,
}

/// Where pictures may come from, besides the request itself.
#[derive(Debug, Args)]
pub(crate) struct ServeImages {
    /// Folder whose files requests may name by path
    #[arg(long, value_name = "DIR")]
    pub(crate) media_root: Option<PathBuf>,

    /// Fetch pictures that requests name by URL, from the public internet only
    #[arg(long)]
    pub(crate) remote_images: bool,

    /// Ports that pictures may be fetched from
    #[arg(
        long,
        value_name = "PORT",
        value_delimiter = ',',
        default_value = "80,443",
        requires = "remote_images"
    )]
    pub(crate) remote_ports: Vec<u16>,
}

/// Give an agent eyes over the Model Context Protocol
///
/// Speaks on stdin and stdout; the agent starts it. Tools: see_image, read_text,
/// ask_image. `lens serve` offers the same at /mcp.
#[derive(Debug, Args)]
#[command(after_help = "\
Example, in an agent's settings:
  { \"mcpServers\": { \"lens\": { \"command\": \"lens\", \"args\": [\"mcp\"] } } }

Paths are taken from the folder that the agent starts it in, or --media-root;
nothing outside of it is opened.")]
pub(crate) struct Mcp {
    #[command(flatten)]
    pub(crate) images: ServeImages,
}

/// Beyond them a request is refused, with a reason.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct ServeLimits {
    /// Most MiB of a request's body
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub(crate) max_body: u32,

    /// Most pictures in a request
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_pictures: u32,

    /// Most megapixels of a picture
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_megapixels: u32,

    /// Most characters of a question
    #[arg(long, value_name = "N", default_value_t = 8000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_question: u32,

    /// Most tokens of an answer of this server's own language models
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_answer: u32,

    /// Most pictures, and most questions, that wait; beyond it: 429
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) queue: u32,

    /// Most pictures looked at together
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=256))]
    pub(crate) batch: u32,

    /// Most connections
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) connections: u32,

    /// Seconds for a request's head, and again for its body
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) request_time: u32,

    /// Seconds until an answer begins
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) answer_time: u32,

    /// Seconds for which a client may take nothing of an answer that is there
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) unread_time: u32,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let text = text.replace("localhost", "127.0.0.1");
    let port = || text.parse::<u16>().map(|port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
    let ip = || text.trim_matches(['[', ']']).parse::<IpAddr>().map(|ip| SocketAddr::new(ip, PORT));
    let address = text.parse().or_else(|_| port()).or_else(|_| ip());
    address.map_err(|_| "expected an IP address, IP:PORT or PORT".to_owned())
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn an_address_in_each_of_its_forms() {
        for (text, expected) in [
            ("8080", "127.0.0.1:8080"),
            ("localhost:0", "127.0.0.1:0"),
            ("0.0.0.0", "0.0.0.0:5367"),
            ("[::1]:80", "[::1]:80"),
            ("::1", "[::1]:5367"),
        ] {
            assert_eq!(address(text).unwrap().to_string(), expected);
        }
        for wrong in ["", "eyes.example:80", "70000", "1.2.3", "http://127.0.0.1"] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }
}
