//! `data:image/png;base64,...`

use super::Limits;
use crate::{Error, ErrorKind, Result};
use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// What errors call such a picture: the whole URI would fill the screen.
pub(super) const NAME: &str = "data: URI";

/// Clients differ on padding, so both forms are read.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The bytes of a base64 `data:` URI. The media type is ignored: the bytes say what they are.
pub(super) fn decode(uri: &str, limits: &Limits) -> Result<Vec<u8>> {
    let wrong = |found: &str| {
        Error::new(ErrorKind::Input, NAME)
            .expected("data:image/...;base64, and then base64")
            .found(found)
            .hint("encode the picture's file with base64")
    };
    let (head, payload) = uri.split_once(',').ok_or_else(|| wrong("no comma"))?;
    if !head.to_ascii_lowercase().ends_with(";base64") {
        return Err(wrong("another encoding"));
    }
    limits.check_bytes(NAME, payload.len() as u64 / 4 * 3)?;
    let payload: String = payload.split_ascii_whitespace().collect();
    BASE64.decode(payload).map_err(|error| wrong(&error.to_string()).because(error))
}
