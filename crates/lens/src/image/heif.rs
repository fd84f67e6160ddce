//! The few facts of an AVIF header that must be known before its decoder runs.

use crate::{Error, ErrorKind, Result};
use ::image::metadata::Orientation;

/// The largest dimensions that any image item of the file declares (`ispe`, ISO/IEC 23008-12 section 6.5.3).
pub(super) fn dimensions(name: &str, bytes: &[u8]) -> Result<(u32, u32)> {
    let declared = payloads(bytes, *b"ispe").filter_map(|payload| match payload {
        [_, _, _, _, w0, w1, w2, w3, h0, h1, h2, h3, ..] => {
            Some((u32::from_be_bytes([*w0, *w1, *w2, *w3]), u32::from_be_bytes([*h0, *h1, *h2, *h3])))
        }
        _ => None,
    });
    declared.max_by_key(|(width, height)| u64::from(*width) * u64::from(*height)).ok_or_else(|| {
        Error::new(ErrorKind::Input, name)
            .expected("an AVIF picture that declares its dimensions")
            .found("none declared")
            .hint("fetch the picture again, or convert it to PNG")
    })
}

/// The turn (`irot`, a quarter anticlockwise each) and the mirror (`imir`) of the first item, in this order.
pub(super) fn orientation(bytes: &[u8]) -> Orientation {
    let property = |kind| payloads(bytes, kind).next().and_then(|payload| payload.first().copied());
    let turns = property(*b"irot").map_or(0, |angle| angle & 3);
    let mirror = property(*b"imir").map(|axis| axis & 1);
    let exif = match (turns, mirror) {
        (0, None) => 1,
        (0, Some(1)) | (2, Some(0)) => 2,
        (2, None) => 3,
        (0 | 2, Some(_)) => 4,
        (3, Some(0)) | (1, Some(1)) => 7,
        (3, None) => 6,
        (1, None) => 8,
        _ => 5,
    };
    Orientation::from_exif(exif).unwrap_or(Orientation::NoTransforms)
}

/// What follows each box of `kind` in the header. The boxes lie in `meta`, before the coded data (`mdat`).
fn payloads(bytes: &[u8], kind: [u8; 4]) -> impl Iterator<Item = &[u8]> {
    let header_end = bytes.windows(4).position(|window| window == b"mdat").unwrap_or(bytes.len());
    let header = bytes.get(..header_end).unwrap_or(bytes);
    header
        .windows(4)
        .enumerate()
        .filter(move |(_, window)| *window == kind)
        .filter_map(|(at, _)| header.get(at + 4..))
}
