//! Against a fake hub on loopback.

mod caching;
mod failures;
mod fake_hub;
mod selection;
