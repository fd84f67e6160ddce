//! CLIP ViT-L/14's picture tower in candle-transformers, driven line by line like LENS's own bench:
//! `candle-peer CHECKPOINT/model.safetensors`, in f32: candle's convolution has no bf16. The number of threads is
//! RAYON_NUM_THREADS.

use candle_core::{DType, Device, Result, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::clip::{
    text_model::Activation,
    vision_model::{ClipVisionConfig, ClipVisionTransformer},
};
use std::{io::BufRead, time::Instant};

fn main() -> Result<()> {
    let start = Instant::now();
    let arguments: Vec<String> = std::env::args().collect();
    let weights = unsafe { VarBuilder::from_mmaped_safetensors(&[&arguments[1]], DType::F32, &Device::Cpu)? };
    let config = ClipVisionConfig {
        embed_dim: 1024,
        activation: Activation::QuickGelu,
        intermediate_size: 4096,
        num_hidden_layers: 24,
        num_attention_heads: 16,
        projection_dim: 768,
        num_channels: 3,
        image_size: 224,
        patch_size: 14,
    };
    let tower = ClipVisionTransformer::new(weights.pp("vision_model"), &config)?;
    let projection = candle_nn::linear_no_bias(1024, 768, weights.pp("visual_projection"))?;
    println!("ready {}", start.elapsed().as_secs_f64());
    for line in std::io::stdin().lock().lines() {
        let batch: usize = line?.trim().parse().map_err(candle_core::Error::wrap)?;
        let pixels = Tensor::randn(0f32, 1f32, (batch, 3, 224, 224), &Device::Cpu)?;
        let start = Instant::now();
        candle_core::Module::forward(&projection, &candle_core::Module::forward(&tower, &pixels)?)?;
        println!("{}", start.elapsed().as_secs_f64());
    }
    Ok(())
}
