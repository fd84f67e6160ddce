//! `lens serve` and `lens mcp`: the server with the models of the settings.

use super::Outcome;
use crate::{
    args::{Mcp, Serve, ServeImages, ServeLimits},
    exit::{Exit, Failure},
    printer::{Printer, log_to_stderr},
    session::Session,
};
use lens::{Error, ErrorKind, image::Limits};
use lens_server::{RemoteImages, Secret, ServerLimits, ServerOptions, Upstream, serve, serve_mcp};
use serde_json::json;
use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

/// The variables with keys: a command line is seen by everyone on the machine.
const API_KEY: &str = "LENS_API_KEY";
const UPSTREAM_KEY: &str = "LENS_UPSTREAM_KEY";

pub(super) fn run(args: Serve, session: &Session) -> Outcome {
    let printer = session.printer;
    let options = options(args, session)?;
    options.check()?;
    log_to_stderr(printer.is_quiet());
    let lens = if options.upstream.is_some() { session.eyes_and_reader()? } else { session.lens()? };
    if session.interrupt.is_raised() {
        return Ok(Exit::Interrupted);
    }
    if options.insecure && !options.bind.ip().is_loopback() && options.api_key.is_none() {
        printer.warning(&format!("anyone who reaches {} can use this server", options.bind))?;
    }
    let upstream = options.upstream.as_ref().map(|upstream| upstream.url.clone());
    let mut printed = Ok(());
    serve(lens, options, |address| printed = announce(printer, address, upstream.as_deref()))?;
    printed?;
    Ok(Exit::Success)
}

/// stdout belongs to the protocol.
pub(super) fn mcp(args: Mcp, session: &Session) -> Outcome {
    let Mcp { images } = args;
    let remote_images = remote_images(&images, session)?;
    let media_root = Some(images.media_root.unwrap_or_else(|| ".".into()));
    let options = ServerOptions { media_root, remote_images, ..ServerOptions::default() };
    log_to_stderr(session.printer.is_quiet());
    serve_mcp(session.eyes_and_reader()?, options)?;
    Ok(Exit::Success)
}

/// Data is the address, so that a script that gave port 0 finds the server.
fn announce(printer: &Printer, address: SocketAddr, upstream: Option<&str>) -> std::io::Result<()> {
    let url = format!("http://{address}");
    if printer.is_json() {
        return printer.json(&json!({ "url": url, "upstream": upstream }));
    }
    printer.line(&url)?;
    let answers = upstream.map_or("this preset's language model answers".to_owned(), |upstream| {
        format!("chats go to {upstream}, with text in place of pictures")
    });
    printer.note(&format!("base URL for clients: {url}/v1; {answers}; Ctrl-C ends"))
}

fn options(args: Serve, session: &Session) -> Result<ServerOptions, Failure> {
    if let Some(url) = &args.upstream {
        refuse_offline(session, "--upstream", url)?;
    }
    let readers = args.another_llm.into_iter().map(|llm| session.another_reader(llm).map(Arc::new));
    let limits = ServerLimits {
        evidence_tokens: args.evidence_tokens as usize,
        evidence_total: args.evidence_total.map(|most| most as usize),
        ..limits(&args.limits)
    };
    let upstream_key = key(args.upstream_key_file.as_deref(), UPSTREAM_KEY)?;
    Ok(ServerOptions {
        bind: args.bind,
        api_key: key(args.api_key_file.as_deref(), API_KEY)?,
        insecure: args.insecure,
        allowed_hosts: args.allow_host,
        allowed_origins: args.allow_origin,
        readers: readers.collect::<Result<_, Failure>>()?,
        upstream: args.upstream.map(|url| Upstream { url, key: upstream_key }),
        private: args.private,
        remote_images: remote_images(&args.images, session)?,
        media_root: args.images.media_root,
        limits,
    })
}

fn remote_images(args: &ServeImages, session: &Session) -> Result<Option<RemoteImages>, Failure> {
    if !args.remote_images {
        return Ok(None);
    }
    refuse_offline(session, "--remote-images", "pictures of the web")?;
    Ok(Some(RemoteImages { ports: args.remote_ports.clone(), ..RemoteImages::default() }))
}

fn refuse_offline(session: &Session, flag: &str, found: &str) -> Result<(), Failure> {
    if !session.config.offline {
        return Ok(());
    }
    let error = Error::new(ErrorKind::Config, flag).expected("no connection: offline is set").found(found);
    Err(error.hint("leave one of the two out").into())
}

/// The key of a file, else of the environment. An empty variable is none.
fn key(file: Option<&Path>, variable: &str) -> Result<Option<Secret>, Failure> {
    let Some(path) = file else {
        let value = std::env::var(variable).ok().filter(|value| !value.is_empty());
        return Ok(value.map(Secret::new));
    };
    let text = fs_err::read_to_string(path).map_err(|error| {
        let thing = Error::new(ErrorKind::Config, path.display().to_string());
        thing.expected("a readable file with a key").found(error.kind().to_string()).because(error)
    })?;
    Ok(Some(Secret::new(text.trim())))
}

fn limits(args: &ServeLimits) -> ServerLimits {
    let own = ServerLimits::default();
    let seconds = |count: u32| Duration::from_secs(count.into());
    ServerLimits {
        body_bytes: (args.max_body as usize) << 20,
        images: args.max_pictures as usize,
        picture: Limits { pixels: u64::from(args.max_megapixels) * 1_000_000, ..own.picture },
        text_chars: args.max_question as usize,
        answer_tokens: args.max_answer as usize,
        queue: args.queue as usize,
        answers: args.queue as usize,
        batch: args.batch as usize,
        connections: args.connections as usize,
        request_time: seconds(args.request_time),
        answer_time: seconds(args.answer_time),
        unread_time: seconds(args.unread_time),
        ..own
    }
}
