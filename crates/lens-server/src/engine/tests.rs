use super::{Engine, Sight};
use crate::{
    error::AppError,
    metrics::Metrics,
    options::ServerLimits,
    testing::{Gate, png, until},
};
use axum::body::Bytes;
use lens::{Error, ErrorKind, Evidence, Fingerprint, Item, Lens, Look, Module, Result, evidence::Tag};
use std::{sync::Arc, time::Duration};

/// Sees the first pixel, when the gate is open; fails at pixels told.
#[derive(Default)]
struct Gated {
    gate: Gate,
    bad: Option<u8>,
    panics: bool,
}

impl Module for Gated {
    fn name(&self) -> &'static str {
        "tags"
    }

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::new()
    }

    fn see(&self, looks: &[Look], sink: &mut dyn FnMut(usize, Item)) -> Result<()> {
        self.gate.pass(looks.len());
        for (index, look) in looks.iter().enumerate() {
            let pixel = look.picture().rgb()[0];
            if self.bad == Some(pixel) {
                assert!(!self.panics, "a defect of a model");
                return Err(Error::new(ErrorKind::Model, "tags").found("a score that is no number"));
            }
            sink(index, Item::Tag(Tag { text: pixel.to_string(), ..Tag::default() }));
        }
        Ok(())
    }
}

fn engine(module: &Arc<Gated>, limits: ServerLimits) -> Engine {
    let lens = Lens::builder().shared_module(module.clone()).build().unwrap();
    Engine::start(Arc::new(lens), limits, Arc::new(Metrics::default())).unwrap()
}

async fn seen(sight: Sight) -> Result<Arc<Evidence>, AppError> {
    sight.whole("picture").await
}

/// Waits until so many pictures are ready to be looked at.
async fn wait_for_decoded(engine: &Engine, count: usize) {
    until(|| engine.shared.queue().decoded.len() >= count).await;
}

#[tokio::test]
async fn pictures_that_wait_are_looked_at_together_and_nothing_is_swapped() {
    let module = Arc::new(Gated::default());
    let engine = engine(&module, ServerLimits { batch: 4, ..ServerLimits::default() });
    let first = engine.see(png(0)).unwrap();
    module.gate.is_busy().await;
    let rest: Vec<Sight> = (1..10).map(|grey| engine.see(png(grey)).unwrap()).collect();
    // While the first is still looked at.
    wait_for_decoded(&engine, 9).await;
    module.gate.open();
    assert_eq!(seen(first).await.unwrap().tags[0].text, "0");
    for (grey, sight) in (1..).zip(rest) {
        assert_eq!(seen(sight).await.unwrap().tags[0].text, grey.to_string());
    }
    assert_eq!(module.gate.batches(), [1, 4, 4, 1]);
}

#[tokio::test]
async fn no_more_is_decoded_ahead_than_the_budget_and_no_more_looked_at_together() {
    let module = Arc::new(Gated::default());
    // Two pictures of 2 x 2 pixels.
    let engine = engine(&module, ServerLimits { batch_pixels: 8, ..ServerLimits::default() });
    let first = engine.see(png(0)).unwrap();
    module.gate.is_busy().await;
    let rest: Vec<Sight> = (1..12).map(|grey| engine.see(png(grey)).unwrap()).collect();
    wait_for_decoded(&engine, 2).await;
    std::thread::sleep(Duration::from_millis(100));
    // Each thread may have begun one below the budget.
    assert!(engine.shared.queue().decoded.len() <= 1 + super::DECODERS);
    module.gate.open();
    assert!(seen(first).await.is_ok());
    for (grey, sight) in (1..).zip(rest) {
        assert_eq!(seen(sight).await.unwrap().tags[0].text, grey.to_string());
    }
    assert!(module.gate.batches().iter().all(|size| *size <= 2));
    let queue = engine.shared.queue();
    assert_eq!((queue.pixels, queue.len(), queue.flights.len()), (0, 0, 0), "nothing is left behind");
}

#[tokio::test]
async fn one_picture_for_many_callers_is_looked_at_once() {
    let module = Arc::new(Gated::default());
    let engine = engine(&module, ServerLimits::default());
    let sights: Vec<Sight> = (0..5).map(|_| engine.see(png(7)).unwrap()).collect();
    module.gate.open();
    for sight in sights {
        assert_eq!(seen(sight).await.unwrap().tags[0].text, "7");
    }
    assert!(matches!(engine.see(png(7)).unwrap(), Sight::Known(_)));
    assert_eq!(module.gate.batches(), [1]);
}

#[tokio::test]
async fn a_full_queue_refuses_and_an_abandoned_picture_is_left_out() {
    let module = Arc::new(Gated::default());
    let engine = engine(&module, ServerLimits { queue: 2, batch: 1, ..ServerLimits::default() });
    let first = engine.see(png(0)).unwrap();
    module.gate.is_busy().await;
    let (left, kept) = (engine.see(png(1)).unwrap(), engine.see(png(2)).unwrap());
    assert_eq!(engine.see(png(3)).unwrap_err(), AppError::overloaded());
    drop(left);
    module.gate.open();
    assert!(seen(first).await.is_ok());
    assert_eq!(seen(kept).await.unwrap().tags[0].text, "2");
    assert_eq!(module.gate.batches().len(), 2, "the one that nobody waits for is not looked at");
    assert_eq!(seen(engine.see(png(1)).unwrap()).await.unwrap().tags[0].text, "1");
}

#[tokio::test]
async fn one_bad_picture_spoils_no_other() {
    for panics in [false, true] {
        let module = Arc::new(Gated { bad: Some(1), panics, ..Gated::default() });
        let engine = engine(&module, ServerLimits::default());
        let first = engine.see(png(0)).unwrap();
        module.gate.is_busy().await;
        let sights: Vec<Sight> = [1, 2].map(|grey| engine.see(png(grey)).unwrap()).into();
        let broken = engine.see(Bytes::from_static(b"no picture")).unwrap();
        module.gate.open();
        assert!(seen(first).await.is_ok());
        let mut results = Vec::new();
        for sight in sights {
            results.push(seen(sight).await);
        }
        assert_eq!(results[0].as_ref().unwrap_err().status, 500);
        assert_eq!(results[1].as_ref().unwrap().tags[0].text, "2");
        assert_eq!(seen(broken).await.unwrap_err().status, 400);
        assert!(engine.is_open());
    }
}

#[tokio::test]
async fn what_was_accepted_is_finished_at_the_end() {
    let module = Arc::new(Gated::default());
    let engine = engine(&module, ServerLimits::default());
    let sights: Vec<Sight> = (0..3).map(|grey| engine.see(png(grey)).unwrap()).collect();
    module.gate.open();
    drop(engine);
    for sight in sights {
        assert!(seen(sight).await.is_ok());
    }
}
