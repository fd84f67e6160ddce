//! The `lens` command.

fn main() {}
