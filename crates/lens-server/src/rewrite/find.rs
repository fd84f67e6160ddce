//! Finds the pictures of a chat, wherever they stand in its history.

use super::{Fields, fields::string, member};
use crate::{
    error::{AppError, AppResult},
    options::ServerLimits,
};
use serde_json::value::RawValue;
use std::{borrow::Cow, ops::Range};

/// Tool results in documents in messages: deeper than any dialect goes.
const DEPTH: usize = 6;

/// Parts that hold pictures: OpenAI's two and Anthropic's.
const KINDS: [&str; 3] = ["image_url", "input_image", "image"];

/// A picture in a request.
#[derive(Debug)]
pub(crate) struct ImagePart {
    /// Where the whole part stands, in bytes of the body.
    pub(crate) range: Range<usize>,
    /// What errors call it: `messages[2].content[0]`.
    pub(crate) subject: String,
    /// The number of its message.
    pub(crate) message: usize,
    /// What the part names: a `data:` URI, or what the client hopes the server can fetch.
    pub(crate) picture: String,
    /// Its other fields as JSON, each with a comma before it.
    pub(crate) kept: String,
}

/// The pictures of `messages`, in order. Reads all of the body: not for the event loop.
pub(crate) fn find(body: &str, limits: &ServerLimits) -> AppResult<Vec<ImagePart>> {
    let Some(messages) = Fields::parse(body)?.get("messages") else {
        return Err(AppError::bad("the field `messages` is missing"));
    };
    let list: Vec<&RawValue> = serde_json::from_str(messages.get())
        .map_err(|error| AppError::bad(format!("the field `messages` is no list: {error}")))?;
    let mut search = Search { body, limits, message: 0, parts: Vec::new() };
    for (index, message) in list.into_iter().enumerate() {
        search.message = index;
        let subject = format!("messages[{index}]");
        let fields = Fields::parse(message.get())
            .map_err(|error| AppError::bad(format!("{subject}: {}", error.message)))?;
        if let Some(content) = fields.get("content") {
            search.content(content, &format!("{subject}.content"), DEPTH)?;
        }
    }
    Ok(search.parts)
}

struct Search<'a> {
    body: &'a str,
    limits: &'a ServerLimits,
    message: usize,
    parts: Vec<ImagePart>,
}

impl<'a> Search<'a> {
    /// A text, a list of parts, or (in tool results) one part.
    fn content(&mut self, content: &'a RawValue, subject: &str, depth: usize) -> AppResult<()> {
        if depth == 0 {
            return Err(AppError::bad(format!("{subject}: nested too deeply")));
        }
        if content.get().starts_with('{') {
            return self.part(content, subject, depth);
        }
        let list: Vec<&RawValue> = serde_json::from_str(content.get()).unwrap_or_default();
        for (index, part) in list.into_iter().enumerate().filter(|(_, part)| part.get().starts_with('{')) {
            self.part(part, &format!("{subject}[{index}]"), depth)?;
        }
        Ok(())
    }

    fn part(&mut self, part: &'a RawValue, subject: &str, depth: usize) -> AppResult<()> {
        let fields = Fields::parse(part.get())
            .map_err(|error| AppError::bad(format!("{subject}: {}", error.message)))?;
        if fields.text("type").is_some_and(|kind| KINDS.contains(&kind.as_ref())) {
            return self.image(part, &fields, subject);
        }
        for inner in ["content", "source"] {
            if let Some(value) = fields.get(inner) {
                self.content(value, &format!("{subject}.{inner}"), depth - 1)?;
            }
        }
        Ok(())
    }

    fn image(&mut self, part: &'a RawValue, fields: &Fields<'a>, subject: &str) -> AppResult<()> {
        if self.parts.len() == self.limits.images {
            return Err(AppError::bad(format!("more than {} pictures in one request", self.limits.images)));
        }
        let picture = picture(fields).ok_or_else(|| {
            AppError::bad(format!("{subject}: expected a picture as a data: URI or as base64"))
        })?;
        // A raw value is a piece of the text it was read from.
        let start = part.get().as_ptr().addr().saturating_sub(self.body.as_ptr().addr());
        let others =
            fields.iter().filter(|(name, _)| !["type", "image_url", "source", "detail"].contains(name));
        self.parts.push(ImagePart {
            range: start..start + part.get().len(),
            subject: subject.to_owned(),
            message: self.message,
            picture,
            kept: others.flat_map(|(name, value)| [",".to_owned(), member(name, value)]).collect(),
        });
        Ok(())
    }
}

/// The picture of a part: what its URL says, or its base64 as a `data:` URI.
fn picture(fields: &Fields<'_>) -> Option<String> {
    if let Some(value) = fields.get("image_url") {
        let url = string(value).or_else(|| Fields::parse(value.get()).ok()?.text("url"));
        return url.map(Cow::into_owned);
    }
    let source = Fields::parse(fields.get("source")?.get()).ok()?;
    let data = source.text("data").map(|data| format!("data:;base64,{data}"));
    data.or_else(|| source.text("url").map(Cow::into_owned))
}
