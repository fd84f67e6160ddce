//! The eyes that LENS brings.

mod vocabulary;

pub use vocabulary::VocabularyModule;
