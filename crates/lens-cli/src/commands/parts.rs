//! The parts of a preset for people: where each is, and whether it can be used now.

use lens::{
    hub::Hub,
    preset::{Part, Role},
};

const LICENCE: &str = "nano: research and evaluation (crates/lens-nano/LICENSE-WEIGHTS)";

/// Whether a part can be used now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Ready,
    Downloaded,
    Remote,
    NotDownloaded,
    Missing,
    NotInThisBuild,
}

impl State {
    /// The state of the part that fills `role`. Makes no connection.
    pub(super) fn of(role: Role, part: &Part, hub: &Hub) -> Self {
        match part {
            Part::Repository(request) if hub.cached(request).is_some() => Self::Downloaded,
            Part::Repository(_) => Self::NotDownloaded,
            Part::Path(path) if !path.exists() => Self::Missing,
            Part::Path(_) => Self::Ready,
            Part::Endpoint(_) => Self::Remote,
            Part::Embedded if is_embedded(role) => Self::Ready,
            Part::Embedded => Self::NotInThisBuild,
        }
    }

    /// Whether something has to be done before the part works.
    pub(super) fn is_wanting(self) -> bool {
        matches!(self, Self::NotDownloaded | Self::Missing | Self::NotInThisBuild)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Downloaded => "downloaded",
            Self::Remote => "remote",
            Self::NotDownloaded => "not downloaded",
            Self::Missing => "missing",
            Self::NotInThisBuild => "not in this build",
        }
    }
}

/// The terms of the weights that fill `role`, where these are inside the program.
pub(super) fn licence(role: Role, part: &Part) -> Option<&'static str> {
    let are_weights = matches!(role, Role::Clip | Role::Blip | Role::Ocr | Role::Llm);
    (are_weights && *part == Part::Embedded && is_embedded(role)).then_some(LICENCE)
}

/// Where a part is.
pub(super) fn place(part: &Part) -> String {
    match part {
        Part::Embedded => "inside the program".to_owned(),
        Part::Path(path) => path.display().to_string(),
        Part::Repository(request) => request.repository.name().to_owned(),
        Part::Endpoint(Some(url)) => url.clone(),
        Part::Endpoint(None) => "endpoint of config.toml".to_owned(),
    }
}

#[cfg(feature = "nano")]
fn is_embedded(role: Role) -> bool {
    match role {
        Role::Ocr => is_ocr_embedded(),
        Role::Tags | Role::Attributes => lens::nano::vocabulary(role).is_ok(),
        Role::Clip | Role::Blip | Role::Llm => lens::nano::checkpoint(role).is_ok(),
    }
}

#[cfg(all(feature = "nano", feature = "ocr"))]
fn is_ocr_embedded() -> bool {
    lens::nano::ocr().is_some()
}

#[cfg(all(feature = "nano", not(feature = "ocr")))]
fn is_ocr_embedded() -> bool {
    false
}

#[cfg(not(feature = "nano"))]
fn is_embedded(_: Role) -> bool {
    false
}
