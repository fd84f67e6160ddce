//! The eyes that LENS brings.

mod absent;
mod captions;
#[cfg(feature = "ocr")]
pub mod ocr;
mod vocabulary;

pub use absent::AbsentModule;
pub use captions::CaptionModule;
pub use vocabulary::VocabularyModule;
