//! The page and what belongs to it, inside the program.

use crate::error::{AppError, AppResult};
use axum::{
    extract::Path,
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};

/// Nothing is loaded from elsewhere, no text ever becomes markup, and no other page may frame this one.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types 'none'";

/// A file of the page: name, media type, content.
type Asset = (&'static str, &'static str, &'static [u8]);

macro_rules! asset {
    ($folder:literal, $name:literal, $kind:expr) => {
        ($name, $kind, include_bytes!(concat!("../../../", $folder, "/", $name)))
    };
}

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

/// Everything the page consists of, and the pictures to try.
const ASSETS: &[Asset] = &[
    asset!("web", "index.html", "text/html; charset=utf-8"),
    asset!("web", "style.css", STYLE),
    asset!("web", "docs.css", STYLE),
    asset!("web", "evidence.css", STYLE),
    asset!("web", "conversation.css", STYLE),
    asset!("web", "icon.svg", "image/svg+xml"),
    asset!("web", "ablation.js", SCRIPT),
    asset!("web", "answer.js", SCRIPT),
    asset!("web", "api.js", SCRIPT),
    asset!("web", "app.js", SCRIPT),
    asset!("web", "choose.js", SCRIPT),
    asset!("web", "conversation.js", SCRIPT),
    asset!("web", "element.js", SCRIPT),
    asset!("web", "events.js", SCRIPT),
    asset!("web", "evidence.js", SCRIPT),
    asset!("web", "history.js", SCRIPT),
    asset!("web", "readers.js", SCRIPT),
    asset!("web", "theme.js", SCRIPT),
    asset!("web", "views.js", SCRIPT),
    asset!("examples", "beach.jpg", "image/jpeg"),
    asset!("examples", "shapes.png", "image/png"),
    asset!("examples", "contradicting-colours.png", "image/png"),
    asset!("examples", "sign-turned.jpg", "image/jpeg"),
    asset!("examples", "menu.png", "image/png"),
];

/// `/`
pub(crate) async fn index() -> AppResult<Response> {
    file("index.html")
}

/// `/assets/{name}`
pub(crate) async fn asset(Path(name): Path<String>) -> AppResult<Response> {
    file(&name)
}

/// A page made here.
pub(crate) fn made(html: String) -> Response {
    (headers("text/html; charset=utf-8"), html).into_response()
}

fn file(name: &str) -> AppResult<Response> {
    let found = ASSETS.iter().find(|(own, ..)| *own == name);
    let (_, kind, content) = found.ok_or_else(|| AppError::new(StatusCode::NOT_FOUND, "no such file"))?;
    Ok((headers(kind), *content).into_response())
}

fn headers(kind: &'static str) -> [(HeaderName, &'static str); 5] {
    [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-cache"),
    ]
}

#[cfg(test)]
mod tests {
    use super::ASSETS;

    #[test]
    fn every_file_of_the_page_is_inside() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web");
        for entry in fs_err::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let known = ASSETS.iter().any(|(own, ..)| *own == name);
            assert!(known || entry.path().is_dir(), "{name} is in web/ and not in ASSETS");
        }
    }
}
