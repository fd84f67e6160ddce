//! `config.json` of a T5 checkpoint. Defaults are those of `T5Config`.

use crate::{
    Error, ErrorKind, Result,
    backend::Activation,
    config::{activation, require},
    weights::Checkpoint,
};
use serde::Deserialize;

pub(super) struct T5Config {
    pub(super) vocabulary_size: usize,
    pub(super) width: usize,
    pub(super) head_size: usize,
    pub(super) heads: usize,
    pub(super) hidden: usize,
    pub(super) encoder_layers: usize,
    pub(super) decoder_layers: usize,
    pub(super) buckets: usize,
    pub(super) max_distance: usize,
    pub(super) eps: f32,
    pub(super) activation: Activation,
    pub(super) gated: bool,
    pub(super) scale_outputs: bool,
    pub(super) start_token: u32,
    pub(super) end_token: u32,
}

#[derive(Deserialize)]
#[serde(default)]
struct File {
    model_type: String,
    vocab_size: usize,
    d_model: usize,
    d_kv: usize,
    d_ff: usize,
    num_layers: usize,
    num_decoder_layers: Option<usize>,
    num_heads: usize,
    relative_attention_num_buckets: usize,
    relative_attention_max_distance: usize,
    layer_norm_epsilon: f32,
    feed_forward_proj: String,
    tie_word_embeddings: Option<bool>,
    scale_decoder_outputs: Option<bool>,
    pad_token_id: u32,
    eos_token_id: u32,
    decoder_start_token_id: Option<u32>,
}

impl Default for File {
    fn default() -> Self {
        Self {
            model_type: "t5".into(),
            vocab_size: 32128,
            d_model: 512,
            d_kv: 64,
            d_ff: 2048,
            num_layers: 6,
            num_decoder_layers: None,
            num_heads: 8,
            relative_attention_num_buckets: 32,
            relative_attention_max_distance: 128,
            layer_norm_epsilon: 1e-6,
            feed_forward_proj: "relu".into(),
            tie_word_embeddings: None,
            scale_decoder_outputs: None,
            pad_token_id: 0,
            eos_token_id: 1,
            decoder_start_token_id: None,
        }
    }
}

impl T5Config {
    pub(super) fn read(checkpoint: &Checkpoint) -> Result<Self> {
        const FILE: &str = "config.json";
        let file: File = checkpoint.json(FILE)?;
        let name = &checkpoint.label(FILE);
        require(name, "model_type", file.model_type.as_str(), "t5")?;
        check_sizes(name, &file)?;
        let (activation, gated) = feed_forward(name, &file.feed_forward_proj)?;
        Ok(Self {
            vocabulary_size: file.vocab_size,
            width: file.d_model,
            head_size: file.d_kv,
            heads: file.num_heads,
            hidden: file.d_ff,
            encoder_layers: file.num_layers,
            decoder_layers: file.num_decoder_layers.unwrap_or(file.num_layers),
            buckets: file.relative_attention_num_buckets,
            max_distance: file.relative_attention_max_distance,
            eps: file.layer_norm_epsilon,
            activation,
            gated,
            scale_outputs: file.scale_decoder_outputs.unwrap_or(file.tie_word_embeddings != Some(false)),
            start_token: file.decoder_start_token_id.unwrap_or(file.pad_token_id),
            end_token: file.eos_token_id,
        })
    }

    /// Width of the queries, keys and values: not always the model's.
    pub(super) fn attention_width(&self) -> usize {
        self.heads * self.head_size
    }
}

/// `relu`, `gated-gelu` and their like. Plain `gated-gelu` means the tanh form, as in transformers.
fn feed_forward(file: &str, name: &str) -> Result<(Activation, bool)> {
    let field = "feed_forward_proj";
    match name.strip_prefix("gated-") {
        Some("gelu") => Ok((Activation::GeluTanh, true)),
        Some(gate) => Ok((activation(file, field, gate)?, true)),
        None => Ok((activation(file, field, name)?, false)),
    }
}

fn check_sizes(name: &str, file: &File) -> Result<()> {
    let sane = |size: usize| (1..=1 << 20).contains(&size);
    let sizes = [file.d_model, file.d_kv, file.d_ff, file.num_heads, file.vocab_size];
    let (buckets, distance) = (file.relative_attention_num_buckets, file.relative_attention_max_distance);
    let buckets_fit =
        buckets >= 4 && buckets.is_multiple_of(2) && distance > buckets / 2 && distance <= 1 << 16;
    if sizes.into_iter().all(sane) && buckets_fit {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Config, format!("{name}, sizes of the model"))
        .expected(
            "positive sizes and an even number of relative buckets, fewer than twice the greatest distance",
        )
        .found(format!("sizes {sizes:?}, {buckets} buckets, distance {distance}")))
}
