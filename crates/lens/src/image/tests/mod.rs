//! The pictures of these tests are made by the tests themselves.

mod formats;
mod made;
mod orientation;
mod refusals;
mod sources;
