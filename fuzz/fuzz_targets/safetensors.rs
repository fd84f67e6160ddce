#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(tensors) = lens_fuzz::checkpoint("model.safetensors", bytes).tensors() else { return };
    for name in tensors.names() {
        let shape = tensors.shape(name).expect("a listed tensor has a shape");
        let _ = tensors.root().read(name, shape);
    }
});
