//! The pictures of these tests are made by the tests themselves.

mod avif;
mod formats;
mod made;
mod orientation;
mod refusals;
mod sources;
