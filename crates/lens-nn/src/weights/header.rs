//! The header of a safetensors file: eight bytes of length, then JSON that says where each tensor lies.
//!
//! Format: <https://github.com/huggingface/safetensors#format>. Own parser, because a header here also has to be free
//! of duplicated names, and no header may overflow an addition.

use super::unique::UniqueMap;
use serde::{Deserialize, Deserializer, de::Error as _};
use std::ops::Range;

/// The format's own limit.
const MAX_HEADER: usize = 100_000_000;
const LENGTH_BYTES: usize = 8;
const METADATA: &str = "__metadata__";

/// Type, shape and place of one tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TensorInfo {
    pub(super) dtype: Dtype,
    pub(super) shape: Vec<usize>,
    /// Within the file; as long as type and shape ask for.
    pub(super) bytes: Range<usize>,
}

/// Number types with whole bytes. Only the first three are ever read as weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[expect(non_camel_case_types, clippy::upper_case_acronyms, reason = "the format's own spelling")]
pub(super) enum Dtype {
    F32,
    F16,
    BF16,
    F64,
    I64,
    I32,
    I16,
    I8,
    U64,
    U32,
    U16,
    U8,
    BOOL,
    F8_E4M3,
    F8_E5M2,
}

impl Dtype {
    fn size(self) -> usize {
        match self {
            Self::F64 | Self::I64 | Self::U64 => 8,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F16 | Self::BF16 | Self::I16 | Self::U16 => 2,
            Self::I8 | Self::U8 | Self::BOOL | Self::F8_E4M3 | Self::F8_E5M2 => 1,
        }
    }
}

#[derive(Debug, Deserialize)]
struct Place {
    dtype: Dtype,
    shape: Vec<usize>,
    data_offsets: (usize, usize),
}

/// What a key of the header holds: a tensor's place, or the file's free-form metadata.
#[derive(Debug)]
struct Entry(Option<Place>);

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        if value.get("data_offsets").is_none() {
            return Ok(Self(None));
        }
        Place::deserialize(value).map(|place| Self(Some(place))).map_err(D::Error::custom)
    }
}

/// The tensors of a safetensors file, by name. They cover the file exactly: no gap, no overlap, nothing beyond the end.
///
/// # Errors
/// What is wrong with the file, as a sentence.
pub(super) fn parse(file: &[u8]) -> Result<Vec<(String, TensorInfo)>, String> {
    let (json, data_start) = split(file)?;
    let UniqueMap(entries) = serde_json::from_slice::<UniqueMap<Entry>>(json)
        .map_err(|error| format!("the header is damaged: {error}"))?;

    let mut places = Vec::with_capacity(entries.len());
    for (name, Entry(place)) in entries {
        match place {
            Some(place) => places.push((name, place)),
            None if name == METADATA => {}
            None => return Err(format!("tensor `{name}` has no `data_offsets`")),
        }
    }
    places.sort_by_key(|(_, place)| place.data_offsets);
    lay_out(places, data_start, file.len())
}

/// (JSON, where the data starts).
fn split(file: &[u8]) -> Result<(&[u8], usize), String> {
    let (length, rest) =
        file.split_first_chunk::<LENGTH_BYTES>().ok_or("the file ends within its first 8 bytes")?;
    let length = u64::from_le_bytes(*length);
    let length = usize::try_from(length)
        .ok()
        .filter(|&length| length <= MAX_HEADER)
        .ok_or_else(|| format!("the header says it has {length} bytes, more than {MAX_HEADER}"))?;
    let json = rest.get(..length).ok_or("the file ends within its header")?;
    Ok((json, LENGTH_BYTES + length))
}

/// Checks that the places, sorted by offset, follow one another from the start of the data to the end of the file.
fn lay_out(
    places: Vec<(String, Place)>,
    data_start: usize,
    file_length: usize,
) -> Result<Vec<(String, TensorInfo)>, String> {
    let data_length = file_length - data_start;
    let mut end = 0;
    let mut tensors = Vec::with_capacity(places.len());
    for (name, Place { dtype, shape, data_offsets: (from, to) }) in places {
        if from != end || to < from || to > data_length {
            return Err(format!(
                "tensor `{name}` lies at {from}..{to}, where {end}.. of {data_length} bytes is next"
            ));
        }
        let needed = shape.iter().try_fold(dtype.size(), |bytes, &size| bytes.checked_mul(size));
        if needed != Some(to - from) {
            return Err(format!("tensor `{name}` has {} bytes for {dtype:?} {shape:?}", to - from));
        }
        end = to;
        tensors.push((name, TensorInfo { dtype, shape, bytes: data_start + from..data_start + to }));
    }
    if end != data_length {
        return Err(format!("the tensors end after {end} of {data_length} bytes of data"));
    }
    Ok(tensors)
}
