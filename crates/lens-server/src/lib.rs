//! Eyes for any text-only language model, over HTTP.
//!
//! - A proxy of the OpenAI and the Anthropic dialect: image parts in a chat are replaced, in place, by the fenced
//!   text of their evidence; everything else reaches the upstream byte for byte, and so does its answer.
//! - Without an upstream the pipeline's own language model answers.
//! - The Model Context Protocol, over HTTP and over stdin and stdout, for agents.
//! - Evidence, questions, classification and embeddings as routes of their own, and a page for people.
//!
//! ```no_run
//! # fn main() -> lens::Result<()> {
//! use lens_server::{ServerOptions, serve};
//! let lens = lens::Lens::builder().build()?;
//! serve(lens, ServerOptions::default(), |address| eprintln!("http://{address}"))
//! # }
//! ```

mod api;
mod app;
mod description;
mod encoder;
mod engine;
mod error;
mod fetch;
mod guard;
mod local;
mod mcp;
mod metrics;
mod options;
mod page;
mod proxy;
mod rewrite;
mod serve;
mod state;
#[cfg(test)]
mod testing;
mod unread;
mod worker;

pub use app::{app, document};
pub use options::{RemoteImages, Secret, ServerLimits, ServerOptions, Upstream};
pub use serve::{run, serve, serve_mcp};
pub use state::AppState;
