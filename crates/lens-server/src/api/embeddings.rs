//! Pictures and texts in one space.

use super::{AppJson, PictureRef, check_chars, lacks};
use crate::{
    encoder::Promise,
    error::{AppError, AppResult, ErrorBody},
    state::AppState,
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use lens::Lens;
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
    let inputs = checked(&state, request.input)?;
    let vectors = embed(&state, inputs).await?;
    drop(place);
    let datum = |(index, vector): (usize, Vec<f32>)| json!({"object": "embedding", "index": index, "embedding": encoding.write(&vector)});
    let data: Vec<Value> = vectors.into_iter().enumerate().map(datum).collect();
    let usage = json!({"prompt_tokens": 0, "total_tokens": 0});
    Ok(Json(json!({"object": "list", "data": data, "model": name, "usage": usage})).into_response())
}

fn checked(state: &AppState, input: Input) -> AppResult<Vec<String>> {
    let inputs = match input {
        Input::One(text) => vec![text],
        Input::Many(texts) => texts,
    };
    let limits = &state.options().limits;
    if inputs.is_empty() || inputs.len() > limits.texts {
        return Err(AppError::bad(format!("input: expected 1 to {}", limits.texts)));
    }
    if inputs.iter().filter(|input| is_picture(input)).count() > limits.images {
        return Err(AppError::bad(format!("input: at most {} pictures", limits.images)));
    }
    for (index, text) in inputs.iter().enumerate().filter(|(_, input)| !is_picture(input)) {
        check_chars(&subject(index), text, limits.text_chars)?;
    }
    Ok(inputs)
}

fn subject(index: usize) -> String {
    format!("input[{index}]")
}

fn is_picture(text: &str) -> bool {
    text.get(..11).is_some_and(|head| head.eq_ignore_ascii_case("data:image/"))
}

/// A vector for each input, in order. The pictures are on their way before the texts are embedded.
async fn embed(state: &AppState, inputs: Vec<String>) -> AppResult<Vec<Vec<f32>>> {
    let (mut texts, mut coming): (Vec<String>, Vec<Option<Promise>>) = (Vec::new(), Vec::new());
    for (index, input) in inputs.into_iter().enumerate() {
        if is_picture(&input) {
            let bytes = PictureRef(input).bytes(state, &subject(index)).await?;
            coming.push(Some(state.encoder().embed(bytes)));
        } else {
            texts.push(input);
            coming.push(None);
        }
    }
    let mut of_texts = embed_texts(state, texts).await?.into_iter();
    let mut vectors = Vec::with_capacity(coming.len());
    for (index, promise) in coming.into_iter().enumerate() {
        vectors.push(match promise {
            Some(picture) => picture.kept(&subject(index)).await?,
            None => of_texts.next().unwrap_or_default(),
        });
    }
    Ok(vectors)
}

async fn embed_texts(state: &AppState, texts: Vec<String>) -> AppResult<Vec<Vec<f32>>> {
    if texts.is_empty() {
        // Nothing stands between the pictures of different requests, so that they are embedded together.
        return Ok(Vec::new());
    }
    let embed = move |lens: &Lens| {
        let one = |text: String| lens.embedder()?.embed_texts(&[text]);
        texts.into_iter().map(one).collect()
    };
    state.encoder().work("input", embed).await
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
