#![no_main]

use lens_nn::tokenizer::Tokenizer;
use libfuzzer_sys::fuzz_target;

// The `tokenizers` crate's own panics are caught; only those that get out count.
fuzz_target!(init: std::panic::set_hook(Box::new(|_| ())), |bytes: &[u8]| {
    let checkpoint = lens_fuzz::checkpoint("tokenizer.json", bytes);
    let Ok(tokenizer) = Tokenizer::from_checkpoint(&checkpoint) else { return };
    if let Ok(ids) = tokenizer.encode("A photo of a cat, isn't it?") {
        let _ = tokenizer.decode(&ids);
    }
});
