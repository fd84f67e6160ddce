//! Tags and attributes: the texts of a vocabulary that are nearest to the picture (paper, sections 3.1 and 4.2).
//!
//! One flat list by cosine over the whole vocabulary, as the released code does: attributes are not tied to a tag.

use crate::{
    Embedder, Fingerprint, Item, Look, Module, Picture, Result,
    embedder::{cosines, probabilities},
    evidence::Tag,
    vocab::EmbeddedVocabulary,
};
use std::sync::Arc;

/// Chooses texts of a vocabulary.
pub struct VocabularyModule {
    name: &'static str,
    item: fn(Tag) -> Item,
    embedder: Arc<dyn Embedder>,
    vocabulary: EmbeddedVocabulary,
    top_k: usize,
    threshold: f32,
    temperature: f32,
}

impl VocabularyModule {
    /// The tag module: at most `top_k` texts, none whose cosine is below `threshold`. `vocabulary` was embedded by
    /// `embedder`.
    #[must_use]
    pub fn tags(
        embedder: Arc<dyn Embedder>,
        vocabulary: EmbeddedVocabulary,
        top_k: usize,
        threshold: f32,
    ) -> Self {
        Self { name: "tags", item: Item::Tag, embedder, vocabulary, top_k, threshold, temperature: 1.0 }
    }

    /// The attribute module; see [`Self::tags`].
    #[must_use]
    pub fn attributes(
        embedder: Arc<dyn Embedder>,
        vocabulary: EmbeddedVocabulary,
        top_k: usize,
        threshold: f32,
    ) -> Self {
        Self {
            name: "attributes",
            item: Item::Attribute,
            embedder,
            vocabulary,
            top_k,
            threshold,
            temperature: 1.0,
        }
    }

    /// The same module with probabilities softmax(logits / `temperature`): a fitted one, above 0.
    #[must_use]
    pub fn with_temperature(self, temperature: f32) -> Self {
        Self { temperature, ..self }
    }

    fn best(&self, embedding: &[f32], logit_scale: f32) -> Vec<Tag> {
        let cosines = cosines(embedding, self.vocabulary.embeddings());
        let probabilities = probabilities(&cosines, logit_scale / self.temperature);
        let texts = self.vocabulary.vocabulary().texts();
        let mut order: Vec<usize> = (0..texts.len()).collect();
        // Of equals, the one that stands first in the vocabulary.
        let by_cosine = |&a: &usize, &b: &usize| {
            cosines.get(b).unwrap_or(&-2.0).total_cmp(cosines.get(a).unwrap_or(&-2.0)).then(a.cmp(&b))
        };
        if self.top_k < order.len() {
            order.select_nth_unstable_by(self.top_k, by_cosine);
            order.truncate(self.top_k);
        }
        order.sort_unstable_by(by_cosine);
        let tag = |index: usize| {
            Some(Tag {
                id: String::new(),
                text: texts.get(index)?.clone(),
                cosine: *cosines.get(index)?,
                probability: *probabilities.get(index)?,
            })
        };
        order.into_iter().filter_map(tag).filter(|tag| tag.cosine >= self.threshold).collect()
    }
}

impl Module for VocabularyModule {
    fn name(&self) -> &str {
        self.name
    }

    fn fingerprint(&self) -> Fingerprint {
        let embedder = self.embedder.fingerprint();
        let model = embedder.parts().fold(Fingerprint::new(), |all, (name, value)| all.with(name, value));
        let module = model
            .with("vocabulary", &self.vocabulary.vocabulary().sha256())
            .with("template", self.vocabulary.template())
            .with("top_k", &self.top_k)
            .with("threshold", &self.threshold);
        // Without a fitted one, records stay what they were.
        let is_fitted = self.temperature.to_bits() != 1f32.to_bits();
        if is_fitted { module.with("temperature", &self.temperature) } else { module }
    }

    fn prepare(&self, look: &Look) -> Result<()> {
        self.embedder.prepare(look)
    }

    fn see(&self, looks: &[Look], sink: &mut dyn FnMut(usize, Item)) -> Result<()> {
        let space = self.embedder.space()?;
        self.vocabulary.check_dimension(space.dimension)?;
        for (index, embedding) in self.embedder.embed_looks(looks)?.iter().enumerate() {
            for tag in self.best(embedding, space.logit_scale) {
                sink(index, (self.item)(tag));
            }
        }
        self.vocabulary.release();
        Ok(())
    }

    fn view(&self, picture: &Picture) -> Result<Option<Picture>> {
        self.embedder.view(picture)
    }
}

#[cfg(test)]
mod tests {
    use super::VocabularyModule;
    use crate::{
        Embedder, Item, Lens, Module,
        testing::{ColourEmbedder, plain_look},
        vocab::{EmbeddedVocabulary, Vocabulary},
    };
    use std::sync::Arc;

    fn embedded(texts: &[&str]) -> EmbeddedVocabulary {
        let vocabulary = Vocabulary::new("colours", texts).unwrap();
        let embeddings = ColourEmbedder.embed_texts(vocabulary.texts()).unwrap();
        EmbeddedVocabulary::new(vocabulary, "{}", embeddings, 3).unwrap()
    }

    fn tags(texts: &[&str], top_k: usize, threshold: f32) -> VocabularyModule {
        VocabularyModule::tags(Arc::new(ColourEmbedder), embedded(texts), top_k, threshold)
    }

    fn seen(module: VocabularyModule, colour: [u8; 3]) -> Vec<(String, f32, f32)> {
        let lens = Lens::builder().module(module).build().unwrap();
        let record = lens.see(&[plain_look(colour).unwrap()]).unwrap().remove(0);
        record.tags.into_iter().map(|tag| (tag.text, tag.cosine, tag.probability)).collect()
    }

    #[test]
    fn the_nearest_texts_come_best_first() {
        let texts = ["red", "green", "red and green", "blue"];
        let seen = seen(tags(&texts, 3, 0.2), [255, 0, 0]);
        let names: Vec<&str> = seen.iter().map(|(text, ..)| text.as_str()).collect();
        assert_eq!(names, ["red", "red and green"], "cosine 0 is below the threshold");
        assert!((seen[0].1 - 1.0).abs() < 1e-6 && (seen[1].1 - 0.5f32.sqrt()).abs() < 1e-6);
        // Softmax of 10 x (1, 0, sqrt(1/2), 0) over the whole vocabulary.
        let all: f32 = [10.0, 0.0, 10.0 * 0.5f32.sqrt(), 0.0].map(f32::exp).iter().sum();
        assert!((seen[0].2 - 10f32.exp() / all).abs() < 1e-5);
    }

    #[test]
    fn a_temperature_flattens_the_probabilities() {
        let warm = seen(tags(&["red", "blue"], 1, 0.2).with_temperature(5.0), [255, 0, 0]);
        assert!((warm[0].2 - 2f32.exp() / (2f32.exp() + 1.0)).abs() < 1e-6); // 10 / 5 against 0
    }

    #[test]
    fn of_equals_the_first_of_the_vocabulary_wins() {
        let seen = seen(tags(&["big red", "blue", "red", "small red"], 2, -1.0), [255, 0, 0]);
        assert_eq!(seen.iter().map(|(text, ..)| text.as_str()).collect::<Vec<_>>(), ["big red", "red"]);
    }

    #[test]
    fn a_vocabulary_smaller_than_top_k_is_listed_whole() {
        assert_eq!(seen(tags(&["red", "blue"], 5, -1.0), [255, 0, 0]).len(), 2);
    }

    #[test]
    fn every_parameter_is_in_the_fingerprint() {
        let base = tags(&["red"], 5, 0.2).fingerprint();
        let fitted = tags(&["red"], 5, 0.2).with_temperature(2.0);
        for other in [tags(&["blue"], 5, 0.2), tags(&["red"], 4, 0.2), tags(&["red"], 5, 0.3), fitted] {
            assert_ne!(base.digest(), other.fingerprint().digest());
        }
    }

    #[test]
    fn attributes_are_listed_as_attributes() {
        let module =
            VocabularyModule::attributes(Arc::new(ColourEmbedder), embedded(&["which is red"]), 5, 0.2);
        let mut items = Vec::new();
        module.see(&[plain_look([255, 0, 0]).unwrap()], &mut |_, item| items.push(item)).unwrap();
        assert!(matches!(&items[..], [Item::Attribute(tag)] if tag.text == "which is red"));
    }
}
