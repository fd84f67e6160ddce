//! What a decoder remembers between steps: cached keys and values, and which source each sequence reads.

use crate::{Backend, Error, ErrorKind, Result, backend::Span};
use std::{ops::Range, sync::Arc};

/// What cross-attention reads: per layer the fused keys and values of all sources, and the rows of each source.
/// Computed once per picture or text and shared by every sequence that is decoded from it.
pub(crate) struct Sources<B: Backend> {
    pub(crate) keys_values: Vec<B::Tensor>,
    pub(crate) rows: Vec<Range<usize>>,
}

pub(crate) struct DecoderState<B: Backend> {
    pub(crate) caches: Vec<B::Cache>,
    pub(crate) sources: Arc<Sources<B>>,
    source_of: Vec<usize>,
    decoded: Vec<usize>,
}

impl<B: Backend> DecoderState<B> {
    /// One sequence per source, nothing decoded; keys and values are `width` wide.
    pub(crate) fn new(backend: &B, sources: Arc<Sources<B>>, width: usize) -> Self {
        Self {
            caches: sources.keys_values.iter().map(|_| backend.new_cache(width)).collect(),
            source_of: (0..sources.rows.len()).collect(),
            decoded: vec![0; sources.rows.len()],
            sources,
        }
    }

    pub(crate) fn sequences(&self) -> usize {
        self.source_of.len()
    }

    /// Positions of the next tokens, `lengths` of them per sequence.
    pub(crate) fn positions(&self, lengths: &[usize]) -> Vec<u32> {
        let starts = self.decoded.iter().zip(lengths);
        starts.flat_map(|(&start, &length)| start as u32..(start + length) as u32).collect()
    }

    /// Tokens decoded of the longest sequence.
    pub(crate) fn longest(&self) -> usize {
        self.decoded.iter().copied().max().unwrap_or(0)
    }

    /// Counts the tokens of a finished step.
    pub(crate) fn advance(&mut self, lengths: &[usize]) {
        self.decoded.iter_mut().zip(lengths).for_each(|(decoded, length)| *decoded += length);
    }

    /// One span per run of sequences that read the same source, so that their queries meet its keys in one product.
    pub(crate) fn cross_spans(&self, lengths: &[usize]) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        let mut first = 0;
        let mut previous = None;
        for (&source, &length) in self.source_of.iter().zip(lengths) {
            let queries = first..first + length;
            first += length;
            match spans.last_mut() {
                Some(span) if previous == Some(source) => span.queries.end = queries.end,
                _ => spans.push(Span { queries, keys: self.sources.rows[source].clone() }),
            }
            previous = Some(source);
        }
        spans
    }

    /// Sequence `i` continues the former sequence `parents[i]`.
    pub(crate) fn select(&mut self, backend: &B, parents: &[usize]) {
        for cache in &mut self.caches {
            backend.cache_select(cache, parents);
        }
        self.source_of = parents.iter().map(|&parent| self.source_of[parent]).collect();
        self.decoded = parents.iter().map(|&parent| self.decoded[parent]).collect();
    }

    /// Refuses a step whose tokens do not fit the sequences or the vocabulary.
    pub(crate) fn check_step(&self, tokens: &[u32], lengths: &[usize], vocabulary_size: usize) -> Result<()> {
        if lengths.len() != self.sequences()
            || lengths.contains(&0)
            || lengths.iter().sum::<usize>() != tokens.len()
        {
            return Err(Error::new(ErrorKind::Internal, "a decoding step")
                .expected(format!("at least one token for each of {} sequences", self.sequences()))
                .found(format!("{} tokens for {} sequences", tokens.len(), lengths.len())));
        }
        if let Some(id) = tokens.iter().find(|&&id| id as usize >= vocabulary_size) {
            return Err(Error::new(ErrorKind::Input, "token ids of a prompt")
                .expected(format!("ids below {vocabulary_size}"))
                .found(format!("id {id}"))
                .hint("use the tokenizer that belongs to this checkpoint"));
        }
        Ok(())
    }
}

/// The last row of each sequence's tokens.
pub(crate) fn last_rows(lengths: &[usize]) -> Vec<u32> {
    let mut end = 0;
    lengths
        .iter()
        .map(|length| {
            end += length;
            end as u32 - 1
        })
        .collect()
}
