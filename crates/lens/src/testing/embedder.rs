//! A space of three colours.

use crate::{Embedder, Fingerprint, Look, Result, Space};
use std::sync::Arc;

/// Embeds a picture as its mean colour, and a text as the sum of the colours it names (`red`, `green`, `blue`).
#[derive(Debug, Clone, Copy, Default)]
pub struct ColourEmbedder;

impl Embedder for ColourEmbedder {
    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::new().with("model", "colours")
    }

    fn space(&self) -> Result<Space> {
        Ok(Space { dimension: 3, logit_scale: 10.0 })
    }

    fn embed_looks(&self, looks: &[Look]) -> Result<Vec<Arc<Vec<f32>>>> {
        Look::encode_missing(looks, "colours", |missing| {
            Ok(missing.iter().map(|look| mean_colour(look.picture().rgb())).collect())
        })
    }

    fn embed_texts(&self, texts: &[String]) -> Result<Vec<f32>> {
        Ok(texts.iter().flat_map(|text| named_colour(text)).collect())
    }
}

fn mean_colour(rgb: &[u8]) -> Vec<f32> {
    let mut sum = [0.0; 3];
    for pixel in rgb.chunks_exact(3) {
        sum.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += f32::from(*value));
    }
    unit(sum)
}

fn named_colour(text: &str) -> Vec<f32> {
    unit(["red", "green", "blue"].map(|name| f32::from(u8::from(text.contains(name)))))
}

fn unit(vector: [f32; 3]) -> Vec<f32> {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    vector.iter().map(|x| if length > 0.0 { x / length } else { 0.0 }).collect()
}
