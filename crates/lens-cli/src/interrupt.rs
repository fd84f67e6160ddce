//! Ctrl-C: the first one asks the work to end, so that what is done stays whole; the second ends at once.

use crate::exit::Exit;
use lens::{Cancel, Error, ErrorKind, Result};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Whether the user wants to stop.
#[derive(Debug, Clone)]
pub(crate) struct Interrupt {
    cancel: Cancel,
    waiting: Arc<AtomicBool>,
}

impl Interrupt {
    /// Listens to Ctrl-C from now on.
    pub(crate) fn listen() -> Result<Self> {
        let interrupt = Self { cancel: Cancel::new(), waiting: Arc::default() };
        let heard = interrupt.clone();
        ctrlc::set_handler(move || heard.raise())
            .map_err(|error| Error::new(ErrorKind::Internal, "listening to Ctrl-C").because(error))?;
        Ok(interrupt)
    }

    /// The flag that the work looks at.
    pub(crate) fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// Whether Ctrl-C was pressed.
    pub(crate) fn is_raised(&self) -> bool {
        self.cancel.is_raised()
    }

    /// Runs `wait`, which waits for a person: nothing is under way, so Ctrl-C ends the program there and then.
    pub(crate) fn while_waiting<T>(&self, wait: impl FnOnce() -> T) -> T {
        self.waiting.store(true, Ordering::SeqCst);
        let result = wait();
        self.waiting.store(false, Ordering::SeqCst);
        result
    }

    /// The second Ctrl-C does not wait for work that does not look at the flag.
    fn raise(&self) {
        if self.waiting.load(Ordering::SeqCst) || self.cancel.is_raised() {
            std::process::exit(i32::from(Exit::Interrupted.code()));
        }
        self.cancel.raise();
    }
}
