//! What a task asks of the settings.

use super::{Layout, Task};
use crate::{ModuleKind, hash::digest};
use lens::{Result, config::Layer};
use std::path::Path;

impl Task {
    /// Settings for this task, to stand below the user's flags. `classes` is a file of the data set's classes.
    ///
    /// # Errors
    /// `Config` when the task's own settings are no TOML.
    pub fn layers(&self, classes: &Path) -> Result<Vec<Layer>> {
        let name = format!("task {}", self.name);
        let set = |key: &str, value: toml::Value| Layer::setting(name.clone(), key, value);
        let mut layers = vec![set("prompt.template", self.prompt.template.clone().into())];
        for module in ModuleKind::ALL {
            let enabled = self.evidence.modules.contains(module);
            layers.push(set(&format!("{module}.enabled"), enabled.into()));
        }
        if self.evidence.tags_are_classes {
            layers.push(set("tags.vocabulary", classes.display().to_string().into()));
            layers.push(set("tags.threshold", (-1.0).into()));
            layers.push(set("tags.top_k", 5.into()));
        }
        if self.evidence.given_text {
            layers.push(set("ocr.enabled", false.into()));
        }
        layers.push(Layer::toml(name.clone(), &self.settings.to_string())?);
        Ok(layers)
    }

    /// Names all that the numbers depend on in the task itself.
    #[must_use]
    pub fn digest(&self) -> String {
        digest([toml::to_string(self).unwrap_or_default().as_str()])
    }

    /// Whether samples may stand in several files that are read one after another.
    #[must_use]
    pub fn is_sharded(&self) -> bool {
        matches!(self.data.layout, Layout::Parquet | Layout::Webdataset)
    }
}
