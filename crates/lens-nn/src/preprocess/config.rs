//! What both libraries' files come down to, and the checks they share.

use super::geometry::{CropRounding, Resize};
use crate::{Error, ErrorKind, Result};
use serde::Deserialize;
use std::fmt::Display;

/// No published vision tower comes near; keeps every product of sizes small.
const MAX_SIZE: usize = 1 << 13;

/// From a picture of any size to `size` x `size` pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) resize: Resize,
    pub(super) rounding: CropRounding,
    /// Side of the square centre that is kept; not beyond the resized picture.
    pub(super) size: usize,
}

/// One number for all channels, or one for each.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged, expecting = "expected a number or three numbers")]
pub(super) enum PerChannel {
    Same(f64),
    Each([f64; 3]),
}

/// The mean and deviation that OpenAI's CLIP was trained with; both libraries' defaults.
pub(super) const OPENAI_MEAN: PerChannel = PerChannel::Each([0.481_454_66, 0.457_827_5, 0.408_210_73]);
pub(super) const OPENAI_STD: PerChannel = PerChannel::Each([0.268_629_54, 0.261_302_58, 0.275_777_11]);

impl PerChannel {
    /// In f32, as both libraries hold them.
    pub(super) fn values(self) -> [f32; 3] {
        match self {
            Self::Same(value) => [value as f32; 3],
            Self::Each(values) => values.map(|value| value as f32),
        }
    }
}

/// The part of a file that describes preprocessing.
#[derive(Debug, Clone)]
pub(super) struct Section {
    /// The file as messages name it.
    pub(super) file: String,
    /// What stands before a field's name: nothing, or the path of the object that holds it and a dot.
    pub(super) path: &'static str,
}

impl Section {
    /// An error about a field.
    pub(super) fn error(&self, field: &str) -> Error {
        Error::new(ErrorKind::Config, format!("{}, field `{}{field}`", self.file, self.path))
    }

    /// Refuses a field's value unless it is the only one that is implemented.
    pub(super) fn only<T: PartialEq + Display + Copy>(
        &self,
        field: &str,
        value: T,
        supported: T,
    ) -> Result<()> {
        if value == supported {
            return Ok(());
        }
        let error = self.error(field).expected(supported.to_string()).found(value.to_string());
        Err(error.hint("LENS does not prepare pictures in this way: use a checkpoint of a supported family"))
    }

    /// A number of pixels.
    pub(super) fn pixels(&self, field: &str, size: usize) -> Result<usize> {
        if (1..=MAX_SIZE).contains(&size) {
            return Ok(size);
        }
        Err(self.error(field).expected(format!("1 to {MAX_SIZE} pixels")).found(size.to_string()))
    }

    /// Refuses a size unless the vision tower takes it.
    pub(super) fn fits_model(&self, field: &str, size: usize, image_size: usize) -> Result<()> {
        if size == image_size {
            return Ok(());
        }
        let error = self.error(field).expected(format!("{image_size}, the image size of the model"));
        Err(error.found(size.to_string()).hint("the file belongs to another model"))
    }

    /// Deviations, by which one can divide.
    pub(super) fn deviations(&self, field: &str, std: PerChannel) -> Result<[f32; 3]> {
        let std = std.values();
        if std.iter().all(|std| std.is_normal()) {
            return Ok(std);
        }
        Err(self.error(field).expected("numbers other than 0").found(format!("{std:?}")))
    }
}
