//! The log of a server: what went wrong inside, which clients are not shown.

use tracing::Level;

/// Sends the log to stderr from now on: warnings, or with `quiet` errors alone.
pub(crate) fn log_to_stderr(quiet: bool) {
    let most = if quiet { Level::ERROR } else { Level::WARN };
    let log = tracing_subscriber::fmt().with_max_level(most).with_target(false).with_ansi(false);
    // Only fails where a log was set up before.
    _ = log.with_writer(std::io::stderr).try_init();
}
