//! Pictures and texts in one space.

use super::{AppJson, PictureRef, check_chars, lacks};
use crate::{
    error::{AppError, AppResult, ErrorBody},
    state::AppState,
};
use axum::{
    Json,
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use lens::{Embedder, Look, Picture, image::Limits};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

/// OpenAI's request; besides texts, pictures as `data:` URIs.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct EmbeddingsRequest {
    input: Input,
    #[serde(default)]
    encoding_format: Encoding,
}

/// One text or picture, or several.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Input {
    One(String),
    Many(Vec<String>),
}

/// How numbers are written.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Encoding {
    /// A list.
    #[default]
    Float,
    /// 32-bit little-endian numbers in base64.
    Base64,
}

/// What is embedded.
enum Item {
    Text(String),
    Image(Bytes),
}

/// CLIP embeddings of unit length. An input that begins with `data:image/` is a picture; anything else is a text.
#[utoipa::path(post, path = "/v1/embeddings", tag = "lens", request_body = EmbeddingsRequest,
    responses((status = 200, description = "as OpenAI documents it", body = Value),
        (status = "default", body = ErrorBody, description = "what went wrong")))]
pub(crate) async fn embeddings(
    State(state): State<AppState>,
    AppJson(request): AppJson<EmbeddingsRequest>,
) -> AppResult<Response> {
    let embedder = state.lens().embedder().map_err(|_| lacks("CLIP model"))?;
    let name = embedder.fingerprint().get("model").unwrap_or("clip").to_owned();
    let place = state.answers().place()?;
    let encoding = request.encoding_format;
    let items = items(&state, request.input).await?;
    let limits = state.options().limits.picture;
    let vectors = state.answers().work(move |lens| embed(lens.embedder()?, items, &limits)).await?;
    drop(place);
    let datum = |(index, vector): (usize, Vec<f32>)| json!({"object": "embedding", "index": index, "embedding": encoding.write(&vector)});
    let data: Vec<Value> = vectors.into_iter().enumerate().map(datum).collect();
    let usage = json!({"prompt_tokens": 0, "total_tokens": 0});
    Ok(Json(json!({"object": "list", "data": data, "model": name, "usage": usage})).into_response())
}

async fn items(state: &AppState, input: Input) -> AppResult<Vec<Item>> {
    let texts = match input {
        Input::One(text) => vec![text],
        Input::Many(texts) => texts,
    };
    let limits = &state.options().limits;
    if texts.is_empty() || texts.len() > limits.texts {
        return Err(AppError::bad(format!("input: expected 1 to {}", limits.texts)));
    }
    let pictures = texts.iter().filter(|text| is_picture(text)).count();
    if pictures > limits.images {
        return Err(AppError::bad(format!("input: at most {} pictures", limits.images)));
    }
    let mut items = Vec::with_capacity(texts.len());
    for (index, text) in texts.into_iter().enumerate() {
        let subject = format!("input[{index}]");
        items.push(if is_picture(&text) {
            Item::Image(PictureRef(text).bytes(state, &subject).await?)
        } else {
            check_chars(&subject, &text, limits.text_chars)?;
            Item::Text(text)
        });
    }
    Ok(items)
}

fn is_picture(text: &str) -> bool {
    text.get(..11).is_some_and(|head| head.eq_ignore_ascii_case("data:image/"))
}

/// Pictures one by one, so that no more than one is decoded at a time.
fn embed(embedder: &dyn Embedder, items: Vec<Item>, limits: &Limits) -> lens::Result<Vec<Vec<f32>>> {
    let one = |item| match item {
        Item::Text(text) => embedder.embed_texts(&[text]),
        Item::Image(bytes) => {
            let look = Look::new(Picture::decode(&bytes, limits)?);
            Ok(embedder
                .embed_looks(&[look])?
                .into_iter()
                .next()
                .map(|vector| vector.to_vec())
                .unwrap_or_default())
        }
    };
    items.into_iter().map(one).collect()
}

impl Encoding {
    fn write(self, vector: &[f32]) -> Value {
        match self {
            Self::Float => json!(vector),
            Self::Base64 => {
                let bytes: Vec<u8> = vector.iter().flat_map(|number| number.to_le_bytes()).collect();
                json!(STANDARD.encode(bytes))
            }
        }
    }
}
