//! The intensive captioner (paper, section 3.1): one caption of a beam search, and many drawn at random.

use crate::{
    Embedder, Fingerprint, Item, Look, Module, Picture, Result,
    embedder::cosines,
    evidence::{Caption, CaptionKind},
    local::{Captioner, Draft},
};
use std::sync::Arc;

/// Writes captions, and measures each against the picture where there is an embedder.
pub struct CaptionModule {
    captioner: Captioner,
    embedder: Option<Arc<dyn Embedder>>,
}

impl CaptionModule {
    /// Captions of `captioner`; `embedder` gives their similarity to the picture.
    #[must_use]
    pub fn new(captioner: Captioner, embedder: Option<Arc<dyn Embedder>>) -> Self {
        Self { captioner, embedder }
    }
}

impl Module for CaptionModule {
    fn name(&self) -> &'static str {
        "captions"
    }

    fn fingerprint(&self) -> Fingerprint {
        let fingerprint = self.captioner.fingerprint();
        match &self.embedder {
            Some(embedder) => fingerprint.with("similarity", &embedder.fingerprint().digest()),
            None => fingerprint,
        }
    }

    fn prepare(&self, look: &Look) -> Result<()> {
        self.embedder.as_ref().map_or(Ok(()), |embedder| embedder.prepare(look))?;
        self.captioner.prepare(look)
    }

    fn see(&self, looks: &[Look], sink: &mut dyn FnMut(usize, Item)) -> Result<()> {
        let mut captions: Vec<Vec<Caption>> = self.captioner.caption(looks)?.into_iter().map(merge).collect();
        if let Some(embedder) = &self.embedder {
            for (embedding, captions) in embedder.embed_looks(looks)?.iter().zip(&mut captions) {
                measure(embedder.as_ref(), embedding, captions)?;
            }
        }
        for (index, captions) in captions.into_iter().enumerate() {
            for caption in captions {
                sink(index, Item::Caption(caption));
            }
        }
        Ok(())
    }

    fn view(&self, picture: &Picture) -> Result<Option<Picture>> {
        self.captioner.view(picture).map(Some)
    }
}

/// Exact repetitions become one caption with a count, at the place of the first.
fn merge(drafts: Vec<Draft>) -> Vec<Caption> {
    let mut captions: Vec<Caption> = Vec::new();
    for Draft { text, kind, log_prob, .. } in drafts {
        match captions.iter_mut().find(|caption| caption.text == text) {
            Some(caption) => caption.count += 1,
            None => captions.push(Caption { text, kind, count: 1, log_prob, ..Caption::default() }),
        }
    }
    captions
}

/// Adds the similarities and puts the samples in their order, best first.
fn measure(embedder: &dyn Embedder, picture: &[f32], captions: &mut [Caption]) -> Result<()> {
    let texts: Vec<String> = captions.iter().map(|caption| caption.text.clone()).collect();
    let similarities = cosines(picture, &embedder.embed_texts(&texts)?);
    for (caption, similarity) in captions.iter_mut().zip(similarities) {
        caption.clip_similarity = Some(similarity);
    }
    captions.sort_by(|a, b| {
        let sampled = |caption: &Caption| caption.kind == CaptionKind::Sampled;
        let similarity = |caption: &Caption| caption.clip_similarity.unwrap_or_default();
        sampled(a).cmp(&sampled(b)).then(similarity(b).total_cmp(&similarity(a)))
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{measure, merge};
    use crate::{evidence::CaptionKind, local::Draft, testing::ColourEmbedder};

    fn draft(text: &str, kind: CaptionKind, log_prob: f32) -> Draft {
        Draft { text: text.into(), kind, log_prob, tokens: 3 }
    }

    #[test]
    fn repetitions_are_counted_and_samples_sorted_by_similarity() {
        let drafts = vec![
            draft("a green field", CaptionKind::Beam, -3.0),
            draft("green and red", CaptionKind::Sampled, -5.0),
            draft("a green field", CaptionKind::Sampled, -3.0),
            draft("a red thing", CaptionKind::Sampled, -4.0),
            draft("green and red", CaptionKind::Sampled, -5.0),
        ];
        let mut captions = merge(drafts);
        measure(&ColourEmbedder, &[1.0, 0.0, 0.0], &mut captions).unwrap();
        let told: Vec<(&str, usize)> = captions.iter().map(|c| (c.text.as_str(), c.count)).collect();
        assert_eq!(told, [("a green field", 2), ("a red thing", 1), ("green and red", 2)]);
        assert_eq!(captions[0].kind, CaptionKind::Beam);
        assert!((captions[1].clip_similarity.unwrap() - 1.0).abs() < 1e-6);
    }
}
