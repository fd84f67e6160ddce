use super::{Encoder, Promise};
use crate::{
    error::AppError,
    options::ServerLimits,
    testing::{Gate, png},
};
use axum::body::Bytes;
use lens::{Embedder, Fingerprint, Lens, Look, Result, Space};
use std::sync::Arc;

/// Embeds a picture as its first pixel, when the gate is open; panics at a pixel told.
#[derive(Default)]
struct Gated {
    gate: Gate,
    bad: Option<u8>,
}

impl Embedder for Gated {
    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::new()
    }

    fn space(&self) -> Result<Space> {
        Ok(Space { dimension: 1, logit_scale: 1.0 })
    }

    fn embed_looks(&self, looks: &[Look]) -> Result<Vec<Arc<Vec<f32>>>> {
        self.gate.pass(looks.len());
        let pixel = |look: &Look| look.picture().rgb()[0];
        assert!(looks.iter().all(|look| Some(pixel(look)) != self.bad), "a defect of a model");
        Ok(looks.iter().map(|look| Arc::new(vec![f32::from(pixel(look))])).collect())
    }

    fn embed_texts(&self, texts: &[String]) -> Result<Vec<f32>> {
        Ok(texts.iter().map(|text| text.len() as f32).collect())
    }
}

fn encoder(model: &Arc<Gated>, limits: &ServerLimits) -> Encoder {
    let lens = Lens::builder().embedder(model.clone()).build().unwrap();
    Encoder::start(Arc::new(lens), limits).unwrap()
}

/// Begins the first, so that the others wait together.
async fn begin(encoder: &Encoder, model: &Gated) -> Promise {
    let first = encoder.embed(png(0));
    model.gate.is_busy().await;
    first
}

#[tokio::test]
async fn pictures_that_wait_are_embedded_together_and_nothing_is_swapped() {
    let model = Arc::new(Gated::default());
    let encoder = encoder(&model, &ServerLimits { batch: 4, ..ServerLimits::default() });
    let first = begin(&encoder, &model).await;
    let rest: Vec<Promise> = (1..7).map(|grey| encoder.embed(png(grey))).collect();
    drop(encoder.embed(png(8)));
    let last = encoder.embed(png(9));
    model.gate.open();
    assert_eq!(first.kept("a").await.unwrap(), [0.0]);
    for (grey, promise) in (1u8..).zip(rest) {
        assert_eq!(promise.kept("a").await.unwrap(), [f32::from(grey)]);
    }
    assert_eq!(last.kept("a").await.unwrap(), [9.0]);
    assert_eq!(model.gate.batches(), [1, 4, 3], "nobody waits for the eighth");
}

#[tokio::test]
async fn one_bad_picture_spoils_no_other() {
    let model = Arc::new(Gated { bad: Some(1), ..Gated::default() });
    let encoder = encoder(&model, &ServerLimits::default());
    let first = begin(&encoder, &model).await;
    let [bad, good] = [1, 2].map(|grey| encoder.embed(png(grey)));
    let broken = encoder.embed(Bytes::from_static(b"no picture"));
    model.gate.open();
    assert!(first.kept("a").await.is_ok());
    assert_eq!(bad.kept("a").await.unwrap_err().status, 500);
    assert_eq!(good.kept("a").await.unwrap(), [2.0]);
    let AppError { status, message } = broken.kept("input[3]").await.unwrap_err();
    assert!(status == 400 && message.starts_with("input[3]: expected"), "{message}");
    let texts = encoder.work("input", |lens| lens.embedder()?.embed_texts(&["abc".to_owned()]));
    assert_eq!(texts.await.unwrap(), [3.0]);
}
