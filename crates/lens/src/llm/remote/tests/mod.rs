//! Against a fake endpoint on loopback.

mod answers;
mod failures;
mod fake;
mod units;
