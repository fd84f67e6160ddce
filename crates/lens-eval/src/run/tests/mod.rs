//! Whole runs over data made here.

mod endpoint;
mod flaws;
mod place;
mod reader;
mod vlm;
mod whole;
