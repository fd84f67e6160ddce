//! The text tower: causal blocks; the end token is normed and projected.

use super::{
    config::{ClipConfig, Pooling},
    vision::projection,
};
use crate::{
    Backend, Error, ErrorKind, Result,
    backend::Epilogue,
    layers::{Loader, Norm, WordTable},
    transformer::{Tower, self_spans},
};

pub(super) struct TextTower<B: Backend> {
    tokens: WordTable,
    positions: B::Tensor,
    tower: Tower<B>,
    final_norm: Norm<B>,
    projection: B::Linear,
    pooling: Pooling,
    context_length: usize,
    vocabulary_size: usize,
}

impl<B: Backend> TextTower<B> {
    pub(super) fn load(root: &Loader<'_, B>, config: &ClipConfig) -> Result<Self> {
        let (names, sizes) = (config.names, &config.text);
        let (context_length, vocabulary_size) = (config.context_length, config.vocabulary_size);
        let final_norm = root.layer_norm(names.text_final_norm, sizes.width, sizes.eps)?;
        Ok(Self {
            tokens: root.word_table(names.token_embedding, vocabulary_size, sizes.width)?,
            positions: root.table(names.position_embedding, &[context_length, sizes.width])?,
            tower: Tower::load(&root.at(names.text_blocks), &names.block, sizes, true)?,
            projection: projection(&root.after(&final_norm), names.text_projection, sizes.width, config)?,
            final_norm,
            pooling: config.pooling,
            context_length,
            vocabulary_size,
        })
    }

    /// Token ids of n texts -> (n, dimension). A token sees only those before it, so what stands behind the pooled token
    /// cannot change the result and is left out.
    pub(super) fn forward(&self, backend: &B, texts: &[Vec<u32>]) -> Result<B::Tensor> {
        let mut lengths = Vec::with_capacity(texts.len());
        let (mut ids, mut positions) = (Vec::new(), Vec::new());
        for text in texts {
            let length = self.checked_length(text)?;
            ids.extend_from_slice(&text[..length]);
            positions.extend(0..length as u32);
            lengths.push(length);
        }
        let embedded = self.tokens.embed(backend, &ids)?;
        let x = backend.add_rows(embedded, &backend.gather(&self.positions, &positions));
        let spans = self_spans(lengths);
        let ends: Vec<u32> = spans.iter().map(|span| span.queries.end as u32 - 1).collect();
        let pooled = self.tower.forward_pooled(backend, x, &spans, &ends);
        let pooled = self.final_norm.apply(backend, &pooled);
        Ok(backend.linear(&pooled, &self.projection, &Epilogue::PLAIN))
    }

    /// Number of tokens up to and with the pooled one.
    fn checked_length(&self, text: &[u32]) -> Result<usize> {
        let error = || Error::new(ErrorKind::Input, "token ids of a text");
        if text.is_empty() || text.len() > self.context_length {
            return Err(error()
                .expected(format!("1 to {} ids", self.context_length))
                .found(format!("{} ids", text.len()))
                .hint("truncate the text with the model's own tokenizer"));
        }
        if let Some(id) = text.iter().find(|&&id| id as usize >= self.vocabulary_size) {
            return Err(error()
                .expected(format!("ids below {}", self.vocabulary_size))
                .found(format!("id {id}"))
                .hint("use the tokenizer that belongs to this checkpoint"));
        }
        let end = self.pooling.position(text).ok_or_else(|| {
            error()
                .expected("the end token of the model's config.json")
                .found("none")
                .hint("use the tokenizer that belongs to this checkpoint")
        })?;
        Ok(end + 1)
    }
}
