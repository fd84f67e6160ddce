//! Progress on stderr: nothing for work under a second, and nothing where no person looks.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread,
    time::Duration,
};

/// Shorter work shows nothing.
const PATIENCE: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(100);

/// Work under way; its end is the drop.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    /// Closing it tells the waiting thread that the work is done.
    done: Option<Sender<()>>,
    waiter: Option<thread::JoinHandle<()>>,
}

impl Progress {
    pub(super) fn start(bar: ProgressBar, what: &str, visible: bool) -> Self {
        bar.reset();
        bar.set_length(0);
        bar.set_style(style("{spinner} {msg}"));
        bar.set_message(what.to_owned());
        let mut progress = Self { bar, done: None, waiter: None };
        if visible {
            let (done, wait) = mpsc::channel();
            let bar = progress.bar.clone();
            progress.done = Some(done);
            progress.waiter = Some(thread::spawn(move || {
                if wait.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                    bar.set_draw_target(ProgressDrawTarget::stderr());
                    bar.enable_steady_tick(TICK);
                }
            }));
        }
        progress
    }

    /// What is being done now.
    pub(crate) fn says(&self, what: &str) {
        self.bar.set_message(what.to_owned());
    }

    /// `done` of `total` steps; the time that is left is estimated from it.
    pub(crate) fn steps(&self, done: u64, total: u64) {
        self.counts(done, total, "{spinner} {msg} {wide_bar} {pos}/{len} {eta}");
    }

    /// `done` of `total` bytes.
    pub(crate) fn bytes(&self, done: u64, total: u64) {
        self.counts(done, total, "{spinner} {msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}");
    }

    fn counts(&self, done: u64, total: u64, template: &str) {
        if self.bar.length() != Some(total) {
            self.bar.set_length(total);
            self.bar.set_style(style(template));
        }
        self.bar.set_position(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.done.take());
        if let Some(waiter) = self.waiter.take() {
            // It only sets a draw target; if that panicked there is nothing to clear.
            _ = waiter.join();
        }
        self.bar.disable_steady_tick();
        self.bar.finish_and_clear();
        self.bar.set_draw_target(ProgressDrawTarget::hidden());
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
