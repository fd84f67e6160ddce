//! A picture as the models take it.

use super::evidence::{EvidenceForm, EvidenceRequest, file, is_form};
use crate::{
    api::AppJson,
    error::{AppResult, ErrorBody},
    state::AppState,
};
use axum::{
    Json,
    extract::{FromRequest, Request, State},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use lens::{Lens, Picture};
use serde::Serialize;
use utoipa::ToSchema;

/// What the encoders take of a picture.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Views {
    views: Vec<View>,
}

/// The pixels that one encoder takes, before normalisation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct View {
    /// The modules that see these pixels.
    modules: Vec<String>,
    width: u32,
    height: u32,
    /// `data:image/png;base64,...`
    image: String,
}

/// Shows a picture as the models take it: resized, cropped or squashed as each encoder wants it. Modules that share an
/// encoder share a view; one that looks at the picture as it is has none.
#[utoipa::path(post, path = "/v1/views", tag = "lens",
    request_body(content((EvidenceRequest = "application/json"), (EvidenceForm = "multipart/form-data"))),
    responses((status = 200, description = "one view for each encoder", body = Views),
        (status = "default", body = ErrorBody, description = "what went wrong")))]
pub(crate) async fn views(State(state): State<AppState>, request: Request) -> AppResult<Json<Views>> {
    let place = state.answers().place()?;
    let bytes = if is_form(request.headers()) {
        file(request, &state).await?
    } else {
        let AppJson(EvidenceRequest { image }) = AppJson::from_request(request, &state).await?;
        image.bytes(&state, "image").await?
    };
    let limits = state.options().limits.picture;
    let views =
        state.encoder().work("image", move |lens| of(lens, &Picture::decode(&bytes, &limits)?)).await?;
    drop(place);
    Ok(Json(Views { views }))
}

fn of(lens: &Lens, picture: &Picture) -> lens::Result<Vec<View>> {
    let mut seen: Vec<(Picture, View)> = Vec::new();
    for module in lens.modules() {
        let Some(taken) = module.view(picture)? else { continue };
        let name = module.name().to_owned();
        if let Some((_, view)) = seen.iter_mut().find(|(other, _)| *other == taken) {
            view.modules.push(name);
            continue;
        }
        let image = format!("data:image/png;base64,{}", STANDARD.encode(taken.to_png()?));
        let view = View { modules: vec![name], width: taken.width(), height: taken.height(), image };
        seen.push((taken, view));
    }
    Ok(seen.into_iter().map(|(_, view)| view).collect())
}
