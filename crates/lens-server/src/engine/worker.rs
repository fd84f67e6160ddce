//! The thread that looks.

use super::{Flight, Queue, Shared};
use crate::metrics::{ABANDONED, BATCH, EVIDENCE, MODULE_SECONDS, QUEUE};
use lens::{Error, ErrorKind, Evidence, Look, Picture, Result, image::Limits};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, PoisonError},
    time::Duration,
};

/// How long an incomplete batch waits for company. Short beside one look of the smallest models.
const COMPANY: Duration = Duration::from_millis(2);

/// Most pixels decoded at a time, over all pictures of a batch; a larger picture goes alone.
const BATCH_PIXELS: u64 = 64_000_000;

/// Works until the queue is closed and empty.
pub(super) fn run(shared: &Shared) {
    while let Some(batch) = next_batch(shared) {
        let mut batch = batch.into_iter().peekable();
        while batch.peek().is_some() {
            let looks = decode(shared, &mut batch);
            look_at(shared, &looks);
        }
    }
}

fn next_batch(shared: &Shared) -> Option<Vec<Arc<Flight>>> {
    let queue = shared.queue();
    let idle = |queue: &mut Queue| queue.waiting.is_empty() && !queue.closed;
    let queue = shared.wake.wait_while(queue, idle).unwrap_or_else(PoisonError::into_inner);
    if queue.waiting.is_empty() {
        return None;
    }
    let incomplete = |queue: &mut Queue| queue.waiting.len() < shared.limits.batch && !queue.closed;
    let waited = shared.wake.wait_timeout_while(queue, COMPANY, incomplete);
    let (mut queue, _) = waited.unwrap_or_else(PoisonError::into_inner);
    let mut batch = Vec::new();
    while batch.len() < shared.limits.batch.max(1) {
        let Some(flight) = queue.waiting.pop_front() else { break };
        if flight.is_abandoned() {
            queue.flights.remove(&flight.sha256);
            shared.metrics.add(ABANDONED, "", 1.0);
        } else {
            batch.push(flight);
        }
    }
    shared.metrics.set(QUEUE, queue.waiting.len() as f64);
    Some(batch)
}

/// Decodes as many as fit the budget. Those that cannot be decoded land at once.
fn decode(shared: &Shared, batch: &mut impl Iterator<Item = Arc<Flight>>) -> Vec<(Arc<Flight>, Look)> {
    let (mut looks, mut pixels) = (Vec::new(), 0);
    while pixels < BATCH_PIXELS {
        let Some(flight) = batch.next() else { break };
        match picture(&flight, &shared.limits.picture) {
            Ok(picture) => {
                pixels += u64::from(picture.width()) * u64::from(picture.height());
                looks.push((flight, Look::new(picture)));
            }
            Err(error) => land(shared, &flight, Err(error)),
        }
    }
    looks
}

fn picture(flight: &Flight, limits: &Limits) -> Result<Picture> {
    Picture::decode(&flight.bytes, limits)
}

/// Looks at a batch. When it fails, each picture gets a try of its own, so that one cannot spoil the others.
fn look_at(shared: &Shared, batch: &[(Arc<Flight>, Look)]) {
    if batch.is_empty() {
        return;
    }
    shared.metrics.observe(BATCH, "", batch.len() as f64);
    match see(shared, batch) {
        Ok(records) => {
            for ((flight, _), record) in batch.iter().zip(records) {
                shared.metrics.add(EVIDENCE, "source=\"vision\"", 1.0);
                land(shared, flight, Ok(record));
            }
        }
        Err(error) => match batch {
            [(flight, _)] => land(shared, flight, Err(error)),
            _ => batch.iter().for_each(|one| look_at(shared, std::slice::from_ref(one))),
        },
    }
}

fn see(shared: &Shared, batch: &[(Arc<Flight>, Look)]) -> Result<Vec<Evidence>> {
    let looks: Vec<Look> = batch.iter().map(|(_, look)| look.clone()).collect();
    let mut watch = |index: usize, module: &str, record: &Evidence| {
        if let Some((flight, _)) = batch.get(index) {
            flight.module_has_looked(module, record);
        }
    };
    let see = || shared.lens.see_watching(&looks, &mut watch);
    let records = catch_unwind(AssertUnwindSafe(see))
        .unwrap_or_else(|_| Err(Error::new(ErrorKind::Internal, "vision").found("a panic")))?;
    if records.len() != batch.len() {
        return Err(Error::new(ErrorKind::Internal, "records of a batch")
            .expected(batch.len().to_string())
            .found(records.len().to_string()));
    }
    for (module, milliseconds) in records.first().iter().flat_map(|record| &record.timings) {
        shared.metrics.observe(MODULE_SECONDS, &format!("module=\"{module}\""), milliseconds / 1000.0);
    }
    Ok(records)
}

/// Remembers the record before the flight leaves the list, so that at any time one of the two is found.
fn land(shared: &Shared, flight: &Flight, outcome: Result<Evidence>) {
    let outcome = outcome.map(Arc::new).map_err(Arc::new);
    if let Ok(record) = &outcome {
        shared.recent().put(Arc::clone(record));
    }
    shared.queue().flights.remove(&flight.sha256);
    flight.land(outcome);
}
