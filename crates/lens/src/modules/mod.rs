//! The eyes that LENS brings.

mod captions;
mod vocabulary;

pub use captions::CaptionModule;
pub use vocabulary::VocabularyModule;
