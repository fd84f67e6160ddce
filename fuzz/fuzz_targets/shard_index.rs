#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = lens_fuzz::checkpoint("model.safetensors.index.json", bytes).tensors();
});
