//! Threads that work things off one after the other, and end in order.

use lens::{Error, ErrorKind, Lens, Result};
use std::{
    collections::VecDeque,
    fmt,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
};
use tokio::sync::oneshot;

/// A thread. Dropping this asks it to end, which it does after what was accepted, and waits for it.
pub(crate) struct Worker {
    thread: Option<JoinHandle<()>>,
    close: Box<dyn Fn() + Send + Sync>,
}

impl Worker {
    /// Starts a thread that runs `run`; `close` makes `run` come to its end.
    ///
    /// # Errors
    /// `Internal` when the system gives none.
    pub(crate) fn start(
        name: &str,
        close: impl Fn() + Send + Sync + 'static,
        run: impl FnOnce() + Send + 'static,
    ) -> Result<Self> {
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run).map_err(|error| {
            Error::new(ErrorKind::Internal, format!("the thread `{name}`")).because(error)
        })?;
        Ok(Self { thread: Some(thread), close: Box::new(close) })
    }

    pub(crate) fn is_working(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        (self.close)();
        if let Some(thread) = self.thread.take() {
            // The threads catch the panics of models; one of their own was already printed.
            _ = thread.join();
        }
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("thread", &self.thread).finish_non_exhaustive()
    }
}

/// What waits for a worker, in the order in which it came.
pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    wake: Condvar,
}

struct State<T> {
    waiting: VecDeque<T>,
    closed: bool,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { state: Mutex::new(State { waiting: VecDeque::new(), closed: false }), wake: Condvar::new() }
    }
}

impl<T> Queue<T> {
    pub(crate) fn push(&self, item: T) {
        self.state().waiting.push_back(item);
        self.wake.notify_all();
    }

    /// Nothing comes any more.
    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.wake.notify_all();
    }

    /// The first, as soon as there is one; none when the queue is closed and empty.
    pub(crate) fn next(&self) -> Option<T> {
        let idle = |state: &mut State<T>| state.waiting.is_empty() && !state.closed;
        let state = self.wake.wait_while(self.state(), idle);
        state.unwrap_or_else(PoisonError::into_inner).waiting.pop_front()
    }

    /// The first, if there is one now and it fits.
    pub(crate) fn next_if(&self, fits: impl FnOnce(&mut T) -> bool) -> Option<T> {
        self.state().waiting.pop_front_if(fits)
    }

    pub(crate) fn len(&self) -> usize {
        self.state().waiting.len()
    }

    /// A panic elsewhere leaves the queue whole: each change is one call.
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("waiting", &self.len()).finish_non_exhaustive()
    }
}

/// Something to do with a pipeline's models.
pub(crate) type Work = Box<dyn FnOnce(&Lens) + Send>;

/// Work, and where its outcome arrives. Work that nobody waits for any more is not begun; a panic of a model leaves the
/// promise unkept.
pub(crate) fn promised<T: Send + 'static>(
    work: impl FnOnce(&Lens) -> Result<T> + Send + 'static,
) -> (Work, oneshot::Receiver<Result<T>>) {
    let (reply, outcome) = oneshot::channel();
    let work = move |lens: &Lens| {
        if !reply.is_closed() {
            _ = reply.send(work(lens));
        }
    };
    (Box::new(work), outcome)
}

#[cfg(test)]
mod tests {
    use super::{Queue, Worker};
    use std::sync::{Arc, Mutex};

    #[test]
    fn what_was_accepted_is_worked_off_in_order_before_the_end() {
        let (queue, done) = (Arc::new(Queue::default()), Arc::new(Mutex::new(Vec::new())));
        let (to_close, to_read, to_write) = (Arc::clone(&queue), Arc::clone(&queue), Arc::clone(&done));
        let worker = Worker::start(
            "test",
            move || to_close.close(),
            move || {
                while let Some(item) = to_read.next() {
                    to_write.lock().unwrap().push(item);
                }
            },
        )
        .unwrap();
        (0..100).for_each(|item| queue.push(item));
        assert!(worker.is_working());
        drop(worker);
        assert_eq!(*done.lock().unwrap(), (0..100).collect::<Vec<i32>>());
    }
}
