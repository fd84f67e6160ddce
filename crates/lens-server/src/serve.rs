//! Connections: accepted up to a bound, ended in order.

use crate::{app::app, mcp::Tools, options::ServerLimits, state::AppState, unread::Unread};
use axum::{Router, body::Body, extract::Request};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use lens::{Error, ErrorKind, Lens, Result};
use rmcp::{ServiceExt as _, transport::async_rw::AsyncRwTransport};
use std::{future::Future, net::SocketAddr, pin::pin, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tower::ServiceExt;

use crate::options::ServerOptions;

/// How long accepting pauses when the system has no room for another connection.
const NO_ROOM: Duration = Duration::from_millis(100);

/// Serves until SIGTERM or Ctrl-C, then finishes what was accepted. `on_listening` hears the address, which tells
/// the port when the options leave it open.
///
/// # Errors
/// `Config` as [`ServerOptions::check`] and when the address cannot be listened on; `Internal` when the system gives
/// no threads; what the models report when they cannot be loaded.
pub fn serve(lens: Lens, options: ServerOptions, on_listening: impl FnOnce(SocketAddr)) -> Result<()> {
    let state = AppState::new(lens, options)?;
    runtime()?.block_on(async {
        let listener = listen(state.options().bind).await?;
        on_listening(listener.local_addr().unwrap_or(state.options().bind));
        tokio::select! {
            error = loading_fails(state.clone()) => Err(error),
            () = run(listener, state, asked_to_end()) => Ok(()),
        }
    })
}

/// Loads the models while the server already answers; comes back only when they cannot be loaded.
async fn loading_fails(state: AppState) -> Error {
    match tokio::task::spawn_blocking(move || state.load_models()).await {
        Ok(Err(error)) => error,
        // A defect of a model would meet each request too, with an answer of its own.
        Ok(Ok(())) | Err(_) => std::future::pending().await,
    }
}

/// Serves the Model Context Protocol on stdin and stdout until the client ends, or SIGTERM or Ctrl-C comes. Of the
/// options only the limits and the places of pictures count.
///
/// # Errors
/// As [`serve`]; `Input` when the other side does not speak the protocol.
pub fn serve_mcp(lens: Lens, options: ServerOptions) -> Result<()> {
    let state = AppState::new(lens, options)?;
    let runtime = runtime()?;
    let outcome = runtime.block_on(async {
        let line = state.options().limits.body_bytes;
        let pipes =
            AsyncRwTransport::new_server(tokio::io::stdin(), tokio::io::stdout()).with_max_line_length(line);
        let begun = Tools::new(state).serve(pipes).await.map_err(|error| {
            Error::new(ErrorKind::Input, "stdin")
                .expected("a client of the Model Context Protocol")
                .because(error)
        })?;
        tokio::select! {
            _ = begun.waiting() => (),
            () = asked_to_end() => (),
        }
        Ok(())
    });
    // A read of stdin cannot be taken back.
    runtime.shutdown_background();
    outcome
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| Error::new(ErrorKind::Internal, "threads").because(error))
}

async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        Error::new(ErrorKind::Config, format!("address {address}"))
            .expected("an address to listen on")
            .found(error.to_string())
            .hint("choose another port, or end the program that uses it")
            .because(error)
    })
}

/// Serves a listener until `end`; then takes no new connection, and waits for the requests under way. `/ready` says no
/// until the caller has had [`AppState::load_models`] done.
pub async fn run(listener: TcpListener, state: AppState, end: impl Future<Output = ()>) {
    let limits = state.options().limits.clone();
    let (router, graceful) = (app(state), GracefulShutdown::new());
    let room = Arc::new(Semaphore::new(limits.connections));
    let mut end = pin!(end);
    loop {
        let accepted = async {
            // The semaphore is never closed.
            let permit = Arc::clone(&room).acquire_owned().await.ok();
            (permit, listener.accept().await)
        };
        let (permit, stream) = tokio::select! {
            () = &mut end => break,
            (permit, accepted) = accepted => match accepted {
                Ok((stream, _)) => (permit, stream),
                Err(error) => {
                    tracing::warn!(%error, "accept");
                    tokio::time::sleep(NO_ROOM).await;
                    continue;
                }
            },
        };
        connect(stream, router.clone(), &limits, &graceful, permit);
    }
    drop(listener);
    if tokio::time::timeout(limits.shutdown_time, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were cut off at the end");
    }
}

fn connect(
    stream: TcpStream,
    router: Router,
    limits: &ServerLimits,
    graceful: &GracefulShutdown,
    permit: Option<OwnedSemaphorePermit>,
) {
    // Tokens are small packets that should not wait for each other.
    _ = stream.set_nodelay(true);
    let service =
        TowerToHyperService::new(router.map_request(|request: Request<Incoming>| request.map(Body::new)));
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.request_time)
        .serve_connection(TokioIo::new(Unread::new(stream, limits.unread_time)), service);
    let watched = graceful.watch(connection);
    tokio::spawn(async move {
        // A client that goes away is no error of the server.
        _ = watched.await;
        drop(permit);
    });
}

async fn asked_to_end() {
    let interrupt = async { _ = tokio::signal::ctrl_c().await };
    #[cfg(unix)]
    {
        let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        else {
            return interrupt.await;
        };
        tokio::select! {
            () = interrupt => (),
            _ = terminate.recv() => (),
        }
    }
    #[cfg(not(unix))]
    interrupt.await;
}
