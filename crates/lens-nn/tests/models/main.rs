//! The models through the public doors: parity with the reference, files, what is refused; one binary, which links once.

mod doors;
mod parity;
mod preprocess;
mod refused_configs;
mod tokenizer;
mod weights;
