//! The language model.

use super::{Assembler, Watch};
use crate::{
    Error, ErrorKind, LensBuilder, Result,
    llm::remote::{EndpointOptions, Remote},
    local::T5Reader,
    preset::{Located, Part, Role},
};
use lens_nn::weights::Checkpoint;
use serde::Deserialize;

#[derive(Deserialize)]
struct Family {
    model_type: String,
}

impl Assembler<'_> {
    pub(super) fn add_reader(&self, builder: LensBuilder, watch: &mut Watch<'_>) -> Result<LensBuilder> {
        let checkpoint = match self.locate(Role::Llm, watch)? {
            Some(Located::Endpoint(base_url)) => {
                let options = EndpointOptions::from_config(self.config, base_url.as_deref())?;
                return Ok(builder.llm(Remote::new(options)?));
            }
            Some(Located::Path(folder)) => self.open(&folder)?,
            Some(Located::Embedded) => super::embedded::checkpoint(Role::Llm)?,
            None => return Ok(builder),
        };
        check_family(&checkpoint)?;
        Ok(builder.llm(T5Reader::load(&self.reader_name(), &checkpoint, self.cpu_for(&checkpoint)?)?))
    }

    fn reader_name(&self) -> String {
        match self.preset.parts.get(&Role::Llm) {
            Some(Part::Path(path)) => path.display().to_string(),
            Some(Part::Repository(request)) => request.repository.name().to_owned(),
            _ => "nano".to_owned(),
        }
    }
}

fn check_family(checkpoint: &Checkpoint) -> Result<()> {
    let Family { model_type } = checkpoint.json("config.json")?;
    if model_type == "t5" {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Config, format!("{}, config.json, field `model_type`", checkpoint.name()))
        .expected("t5")
        .found(model_type)
        .hint("serve this model with an OpenAI-compatible program and give its base URL"))
}
