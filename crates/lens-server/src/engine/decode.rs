//! The threads that decode: the next pictures are ready when the last have been looked at.

use super::{Flight, Queue, Shared};
use lens::{Error, ErrorKind, Look, Picture, Result};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, PoisonError},
};

/// A picture that is ready to be looked at.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) flight: Arc<Flight>,
    pub(super) look: Look,
}

impl Decoded {
    pub(super) fn pixels(&self) -> u64 {
        let picture = self.look.picture();
        u64::from(picture.width()) * u64::from(picture.height())
    }
}

/// Works until the queue is closed and empty. A picture that cannot be decoded lands at once.
pub(super) fn run(shared: &Shared) {
    while let Some(flight) = next(shared) {
        let look = catch_unwind(AssertUnwindSafe(|| decode(shared, &flight)))
            .unwrap_or_else(|_| Err(Error::new(ErrorKind::Internal, "decoding").found("a panic")));
        let mut queue = shared.queue();
        queue.decoding = queue.decoding.saturating_sub(1);
        let failed = match look {
            Ok(look) => {
                let decoded = Decoded { flight, look };
                queue.pixels += decoded.pixels();
                queue.decoded.push_back(decoded);
                None
            }
            Err(error) => Some((flight, error)),
        };
        shared.changed(&queue);
        drop(queue);
        if let Some((flight, error)) = failed {
            shared.land(&flight, Err(error));
        }
    }
}

fn next(shared: &Shared) -> Option<Arc<Flight>> {
    let rest = |queue: &mut Queue| {
        if queue.waiting.is_empty() {
            !queue.closed
        } else {
            queue.pixels >= shared.limits.batch_pixels.max(1)
        }
    };
    loop {
        let waited = shared.wake.wait_while(shared.queue(), rest);
        let mut queue = waited.unwrap_or_else(PoisonError::into_inner);
        if queue.waiting.is_empty() {
            return None;
        }
        if let Some(flight) = shared.next_wanted(&mut queue) {
            queue.decoding += 1;
            return Some(flight);
        }
        shared.changed(&queue);
    }
}

/// Decodes, and does what of the looking needs no model.
fn decode(shared: &Shared, flight: &Flight) -> Result<Look> {
    let look = Look::new(Picture::decode(&flight.bytes, &shared.limits.picture)?);
    shared.lens.prepare(&look)?;
    Ok(look)
}
