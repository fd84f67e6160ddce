//! What a client wishes of the evidence, in the field `lens` of its request.

use crate::error::{AppError, AppResult};
use lens::{Evidence, prompt::Template};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The kinds of evidence that wishes name.
const KINDS: [&str; 4] = ["tags", "attributes", "captions", "ocr"];

/// Wishes about the evidence of one request. Vision does not run again for them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Wish {
    /// Only these: `tags`, `attributes`, `captions`, `ocr`. Absent: all.
    pub(crate) modules: Option<Vec<String>>,
    /// At most so many items of a kind, the best first.
    pub(crate) counts: BTreeMap<String, usize>,
    /// Name of a prompt template; only for answers of this server's own language model.
    pub(crate) template: Option<String>,
    /// Seed of what is drawn in an answer of this server's own language model.
    pub(crate) seed: Option<u64>,
    /// Most tokens of the evidence of one picture, estimated at three bytes each.
    pub(crate) tokens: Option<usize>,
    /// Width of the beam search of this server's own language model; with 1 the answer streams.
    pub(crate) beams: Option<usize>,
    /// Gives the evidence and the prompt back beside an answer of this server's own language model.
    pub(crate) evidence: bool,
}

impl Wish {
    /// Refuses names that are not known.
    pub(crate) fn check(&self) -> AppResult<()> {
        let named = self.modules.iter().flatten().chain(self.counts.keys());
        if let Some(name) = named.into_iter().find(|name| !KINDS.contains(&name.as_str())) {
            return Err(AppError::bad(format!("lens: expected {}, found `{name}`", KINDS.join(", "))));
        }
        // Names only: a path would open files of the server.
        match &self.template {
            Some(name) if !Template::names().any(|known| known == name) => {
                let known = Template::names().collect::<Vec<_>>().join(", ");
                Err(AppError::bad(format!("lens.template: expected one of {known}")))
            }
            _ if self.beams.is_some_and(|beams| !(1..=16).contains(&beams)) => {
                Err(AppError::bad("lens.beams: expected 1 to 16"))
            }
            _ => Ok(()),
        }
    }

    /// The record without what was not wished for.
    pub(crate) fn applied(&self, evidence: &Evidence) -> Evidence {
        let mut record = evidence.clone();
        let most = |kind: &str| {
            let wanted = self.modules.as_ref().is_none_or(|modules| modules.iter().any(|name| name == kind));
            if wanted { self.counts.get(kind).copied().unwrap_or(usize::MAX) } else { 0 }
        };
        record.tags.truncate(most("tags"));
        record.attributes.truncate(most("attributes"));
        record.captions.truncate(most("captions"));
        record.ocr.truncate(most("ocr"));
        record
    }
}
