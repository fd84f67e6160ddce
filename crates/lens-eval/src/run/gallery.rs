//! Pictures and evidence of the first samples, so that a report can show them without the data set.

use super::vision::Vision;
use crate::{Flaw, data::Row, files};
use base64::{Engine, prelude::BASE64_STANDARD};
use image::{ExtendedColorType, RgbImage, codecs::jpeg::JpegEncoder, imageops};
use lens::{Error, ErrorKind, Evidence, Picture, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// Samples that can be looked at in a report.
const SAMPLES: usize = 60;
/// The longest side of a picture in a report.
const SIDE: u32 = 224;

/// A sample to look at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exhibit {
    /// Place in the split.
    pub index: usize,
    /// The sample's id.
    pub doc_id: String,
    /// A small JPEG as a data URI.
    pub picture: String,
    /// What was seen, as far as it was asked for.
    pub evidence: Option<Evidence>,
}

/// The gallery of a task.
pub(crate) fn path(out: &Path, task: &str) -> PathBuf {
    out.join(format!("gallery_{task}.jsonl"))
}

/// Writes the gallery once.
pub(super) fn write(out: &Path, task: &str, rows: &[&Row], vision: &Vision<'_>) -> Result<()> {
    let path = path(out, task);
    if path.exists() {
        return Ok(());
    }
    let mut text = String::new();
    let whole = rows.iter().filter(|row| vision.sha256(row).is_ok());
    for row in whole.take(SAMPLES) {
        let Ok(sha256) = vision.sha256(row) else { continue };
        let Ok(jpeg) = small_picture(row, sha256, vision)? else { continue };
        let picture = format!("data:image/jpeg;base64,{}", BASE64_STANDARD.encode(jpeg));
        let mut evidence = vision.lens.recall(sha256, None);
        if let Some(record) = &mut evidence {
            record.environment.clear();
        }
        let exhibit = Exhibit { index: row.index, doc_id: row.id.clone(), picture, evidence };
        text += &serde_json::to_string(&exhibit)
            .map_err(|error| Error::new(ErrorKind::Internal, "a sample as JSON").because(error))?;
        text.push('\n');
    }
    files::write_whole(&path, text.as_bytes())
}

/// From the store, so that a run over kept evidence decodes no picture.
fn small_picture(row: &Row, sha256: &str, vision: &Vision<'_>) -> Result<std::result::Result<Vec<u8>, Flaw>> {
    let key: [u8; 32] = Sha256::new()
        .chain_update("small picture\0")
        .chain_update(SIDE.to_le_bytes())
        .chain_update(sha256)
        .finalize()
        .into();
    if let Ok(Some(kept)) = vision.store.get(&key) {
        return Ok(Ok(kept));
    }
    let picture = match vision.picture(row) {
        Ok(picture) => picture,
        Err(flaw) => return Ok(Err(flaw)),
    };
    let jpeg = shrunk(&picture)?;
    // A store that cannot be written costs time, never the picture.
    let _ = vision.store.put(&key, &jpeg);
    Ok(Ok(jpeg))
}

/// A JPEG whose longest side is at most [`SIDE`].
fn shrunk(picture: &Picture) -> Result<Vec<u8>> {
    let (width, height) = (picture.width(), picture.height());
    let scale = f64::from(SIDE) / f64::from(width.max(height));
    let whole = RgbImage::from_raw(width, height, picture.rgb().to_vec());
    let small = whole.map(|whole| {
        if scale >= 1.0 {
            return whole;
        }
        let side = |pixels: u32| ((f64::from(pixels) * scale).round() as u32).max(1);
        imageops::thumbnail(&whole, side(width), side(height))
    });
    let small = small.unwrap_or_default();
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 80)
        .encode(small.as_raw(), small.width(), small.height(), ExtendedColorType::Rgb8)
        .map_err(|error| Error::new(ErrorKind::Internal, "a small picture").because(error))?;
    Ok(jpeg)
}
