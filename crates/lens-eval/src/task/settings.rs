//! What a task asks of the settings.

use super::{Layout, Task};
use crate::{ModuleKind, Sweep, hash::digest};
use lens::{Result, config::Layer};
use std::path::Path;

impl Task {
    /// Settings for this task, to stand below the user's flags. `classes` is a file of the data set's classes; the modules
    /// of the task look, and those that `sweep` adds.
    ///
    /// # Errors
    /// `Config` when the task's own settings are no TOML.
    pub fn layers(&self, classes: &Path, sweep: &Sweep) -> Result<Vec<Layer>> {
        let name = format!("task {}", self.name);
        let set = |key: &str, value: toml::Value| Layer::setting(name.clone(), key, value);
        let mut layers = vec![set("prompt.template", self.prompt.template.clone().into())];
        for module in ModuleKind::ALL {
            let is_added = sweep.modules.as_ref().is_some_and(|modules| modules.contains(module));
            let enabled = is_added || self.evidence.modules.contains(module);
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

#[cfg(test)]
mod tests {
    use crate::{ModuleKind, Sweep, Task};
    use lens::config::Config;
    use std::path::Path;

    #[test]
    fn a_module_that_the_user_adds_looks_too() {
        let task = Task::named("nano-scenes").unwrap();
        let reads = |modules| {
            let sweep = Sweep { modules, ..Sweep::default() };
            let config =
                Config::from_layers(&task.layers(Path::new("classes.txt"), &sweep).unwrap()).unwrap();
            (config.ocr.enabled, config.captions.enabled)
        };
        assert_eq!(reads(None), (false, true));
        // What the task feeds is looked at all the same, so that every run shares one record.
        assert_eq!(reads(Some([ModuleKind::Ocr].into())), (true, true));
    }
}
