//! The small model family that comes inside LENS. Data only: every file is a byte slice.
