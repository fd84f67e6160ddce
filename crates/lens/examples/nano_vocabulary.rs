//! Makes the embeddings of nano's vocabularies that are kept in `crates/lens-nano/vocab`: run it whenever nano's CLIP,
//! its vocabularies or its template change.

use lens::{Cancel, Result, local::ClipEncoder, nano, preset::Role, vocab::embed};
use lens_nn::backend::cpu::{Cpu, CpuOptions};
use std::{path::Path, sync::Arc};

fn main() -> Result<()> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../lens-nano/vocab"));
    let scratch = std::env::temp_dir().join(format!("lens-nano-vocabulary-{}", std::process::id()));
    let clip = ClipEncoder::new(nano::checkpoint(Role::Clip)?, Arc::new(Cpu::new(CpuOptions::default())))?;
    for role in [Role::Tags, Role::Attributes] {
        let texts = nano::vocabulary(role)?;
        let (embedded, _) =
            embed(texts, nano::template(role), &clip, &scratch, &mut |_, _| (), &Cancel::new())?;
        let path = folder.join(format!("{role}.safetensors"));
        fs_err::write(&path, embedded.to_bytes(&clip)?).map_err(|error| {
            lens::Error::new(lens::ErrorKind::Internal, path.display().to_string()).because(error)
        })?;
    }
    Ok(())
}
