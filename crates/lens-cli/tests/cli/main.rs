//! The program as a user meets it: exit code, stdout and stderr of the real binary.

#![expect(clippy::unwrap_used, reason = "what a helper of a test cannot do ends the test")]

mod bad_input;
mod bad_models;
mod eval;
mod examples;
mod fake_server;
mod given_differently;
mod help;
mod hub;
mod interrupt;
mod nano;
mod offline;
mod output;
mod place;
mod remote;
mod seeing;
#[cfg(unix)]
mod serving;
mod terminal;
#[cfg(unix)]
mod together;
mod upkeep;
