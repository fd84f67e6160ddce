//! Every kernel against its definition in f64, under every tier of this machine; one binary, which links once.

mod attention;
mod common;
mod linear;
mod logits;
mod norm;
mod packed;
mod threads;
