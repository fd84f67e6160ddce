//! Looks at what the store does not hold.

use super::Lens;
use crate::{
    Evidence, Look, Result, Store,
    evidence::{Collector, ImageInfo, VERSION},
};
use sha2::{Digest, Sha256};
use std::time::Instant;

/// A look that is not in the store, and where its record belongs.
struct Unseen {
    place: usize,
    key: [u8; 32],
}

/// Hears of each module's result as it comes: the index of the look, the module, the record so far.
pub(super) type Watch<'a> = dyn FnMut(usize, &str, &Evidence) + 'a;

pub(super) fn see(lens: &Lens, looks: &[Look], watch: &mut Watch<'_>) -> Result<Vec<Evidence>> {
    let mut records: Vec<Option<Evidence>> = Vec::with_capacity(looks.len());
    let mut unseen = Vec::new();
    for (place, look) in looks.iter().enumerate() {
        let key = key(lens, &look.sha256(), look.question());
        let known = lens.store.as_deref().and_then(|store| recall(store, &key));
        if known.is_none() {
            unseen.push(Unseen { place, key });
        }
        records.push(known);
    }
    let batch: Vec<Look> = unseen.iter().filter_map(|one| looks.get(one.place)).cloned().collect();
    let fresh = look_at(lens, &batch, &mut |index, module, record| {
        if let Some(one) = unseen.get(index) {
            watch(one.place, module, record);
        }
    })?;
    for (Unseen { place, key }, record) in unseen.into_iter().zip(fresh) {
        if let Some(store) = &lens.store {
            // A store that cannot be written costs time, never the answer.
            let _ = store.put(&key, record.to_json()?.as_bytes());
        }
        if let Some(slot) = records.get_mut(place) {
            *slot = Some(record);
        }
    }
    Ok(records.into_iter().flatten().collect())
}

fn look_at(lens: &Lens, looks: &[Look], watch: &mut Watch<'_>) -> Result<Vec<Evidence>> {
    if looks.is_empty() {
        return Ok(Vec::new());
    }
    let mut records: Vec<Collector> = looks.iter().map(|look| Collector::new(image_info(look))).collect();
    for module in &lens.modules {
        let (name, start) = (module.name(), Instant::now());
        module.see(looks, &mut |index, item| {
            if let Some(record) = records.get_mut(index) {
                record.add(name, item);
            }
        })?;
        let milliseconds = start.elapsed().as_secs_f64() * 1000.0;
        for (index, record) in records.iter_mut().enumerate() {
            record.looked(name, module.fingerprint(), milliseconds);
            watch(index, name, record.so_far());
        }
    }
    for record in &mut records {
        for (name, value) in &lens.environment {
            record.environment(name, value);
        }
    }
    Ok(records.into_iter().map(Collector::finish).collect())
}

fn image_info(look: &Look) -> ImageInfo {
    ImageInfo { sha256: look.sha256(), width: look.picture().width(), height: look.picture().height() }
}

pub(super) fn recall_picture(lens: &Lens, sha256: &str, question: Option<&str>) -> Option<Evidence> {
    recall(lens.store.as_deref()?, &key(lens, sha256, question))
}

/// A damaged or older record counts as none.
fn recall(store: &Store, key: &[u8]) -> Option<Evidence> {
    let bytes = store.get(key).ok()??;
    let mut record = Evidence::from_json(std::str::from_utf8(&bytes).ok()?).ok()?;
    record.timings.clear();
    Some(record)
}

/// Everything that the record depends on: the picture, the modules with their fingerprints in their order, this
/// version of the program, and the question where a module reads it.
fn key(lens: &Lens, sha256: &str, question: Option<&str>) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    };
    add(&format!("evidence {VERSION} of lens {}", env!("CARGO_PKG_VERSION")));
    add(sha256);
    for module in &lens.modules {
        add(module.name());
        add(&module.fingerprint().digest());
        if module.reads_question() {
            add(question.unwrap_or_default());
        }
    }
    hash.finalize().into()
}
