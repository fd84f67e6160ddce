//! The thread that looks.

use super::{Queue, Shared, decode::Decoded};
use crate::metrics::{BATCH, EVIDENCE, MODULE_SECONDS};
use lens::{Error, ErrorKind, Evidence, Look, Result};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::PoisonError,
    time::Duration,
};

/// How long an incomplete batch waits for company. Short beside one look of the smallest models.
const COMPANY: Duration = Duration::from_millis(2);

/// Works until the queue is closed and empty.
pub(super) fn run(shared: &Shared) {
    while let Some(batch) = next_batch(shared) {
        look_at(shared, &batch);
    }
}

/// As many as may be looked at together; none when nothing comes any more.
fn next_batch(shared: &Shared) -> Option<Vec<Decoded>> {
    let idle = |queue: &mut Queue| queue.decoded.is_empty() && !queue.is_done();
    let queue = shared.wake.wait_while(shared.queue(), idle).unwrap_or_else(PoisonError::into_inner);
    if queue.decoded.is_empty() {
        return None;
    }
    let limits = &shared.limits;
    let incomplete = |queue: &mut Queue| {
        queue.decoded.len() < limits.batch && queue.pixels < limits.batch_pixels && !queue.is_done()
    };
    let waited = shared.wake.wait_timeout_while(queue, COMPANY, incomplete);
    let (mut queue, _) = waited.unwrap_or_else(PoisonError::into_inner);
    let (mut batch, mut pixels) = (Vec::new(), 0);
    while batch.len() < limits.batch.max(1) && pixels < limits.batch_pixels.max(1) {
        let Some(next) = queue.decoded.pop_front() else { break };
        queue.pixels = queue.pixels.saturating_sub(next.pixels());
        if !shared.is_abandoned(&next.flight, &mut queue) {
            pixels += next.pixels();
            batch.push(next);
        }
    }
    shared.changed(&queue);
    Some(batch)
}

/// Looks at a batch. When it fails, each picture gets a try of its own, so that one cannot spoil the others.
fn look_at(shared: &Shared, batch: &[Decoded]) {
    if batch.is_empty() {
        return;
    }
    shared.metrics.observe(BATCH, "", batch.len() as f64);
    match see(shared, batch) {
        Ok(records) => {
            for (Decoded { flight, .. }, record) in batch.iter().zip(records) {
                shared.metrics.add(EVIDENCE, "source=\"vision\"", 1.0);
                shared.land(flight, Ok(record));
            }
        }
        Err(error) => match batch {
            [Decoded { flight, .. }] => shared.land(flight, Err(error)),
            _ => batch.iter().for_each(|one| look_at(shared, std::slice::from_ref(one))),
        },
    }
}

fn see(shared: &Shared, batch: &[Decoded]) -> Result<Vec<Evidence>> {
    let looks: Vec<Look> = batch.iter().map(|one| one.look.clone()).collect();
    let mut watch = |index: usize, module: &str, record: &Evidence| {
        if let Some(Decoded { flight, .. }) = batch.get(index) {
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
    // A record that the store knew meanwhile has no times.
    let timed = records.iter().find(|record| !record.timings.is_empty());
    for (module, milliseconds) in timed.iter().flat_map(|record| &record.timings) {
        shared.metrics.observe(MODULE_SECONDS, &format!("module=\"{module}\""), milliseconds / 1000.0);
    }
    Ok(records)
}
