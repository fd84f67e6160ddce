//! What an endpoint answers, in the words of its API.

use super::super::{Answer, Finish};
use serde::Deserialize;

/// A whole answer, or one piece of it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Reply {
    #[serde(default)]
    choices: Vec<Choice>,
    usage: Option<Usage>,
    pub(super) error: Option<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    /// Of a whole answer.
    message: Option<Message>,
    /// Of a piece.
    delta: Option<Message>,
    finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Message {
    content: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Usage {
    completion_tokens: Option<usize>,
}

/// An answer as it grows.
#[derive(Debug, Default)]
pub(super) struct Growing {
    pub(super) text: String,
    tokens: Option<usize>,
    finish: Option<Finish>,
}

impl Growing {
    /// Adds a reply and returns the new text.
    pub(super) fn add(&mut self, reply: Reply) -> String {
        if let Some(tokens) = reply.usage.and_then(|usage| usage.completion_tokens) {
            self.tokens = Some(tokens);
        }
        let Some(choice) = reply.choices.into_iter().next() else { return String::new() };
        if let Some(reason) = choice.finish_reason {
            self.finish = Some(if reason == "length" { Finish::Length } else { Finish::Stop });
        }
        let piece = choice.delta.or(choice.message).and_then(|message| message.content).unwrap_or_default();
        self.text.push_str(&piece);
        piece
    }

    /// Whether the endpoint has said why the answer ends.
    pub(super) fn is_finished(&self) -> bool {
        self.finish.is_some()
    }

    pub(super) fn into_answer(self, finish: Option<Finish>) -> Answer {
        let finish = finish.or(self.finish).unwrap_or_default();
        Answer { text: self.text.trim().to_owned(), tokens: self.tokens, log_prob: None, finish }
    }
}

/// What an error of the API says, and about which parameter.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ApiError {
    pub(super) message: String,
    pub(super) parameter: Option<String>,
    pub(super) code: Option<String>,
}

impl ApiError {
    /// Reads the shapes that are in use: `{"error": {"message": ..}}`, `{"error": ".."}`, `{"message": ..}`, text.
    pub(super) fn read(body: &str) -> Self {
        let Ok(json) = serde_json::from_str::<serde_json::Value>(body) else {
            return Self { message: shorten(body), ..Self::default() };
        };
        Self::of(json.get("error").unwrap_or(&json))
    }

    pub(super) fn of(error: &serde_json::Value) -> Self {
        let text = |name: &str| error.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
        let message = text("message").or_else(|| error.as_str().map(str::to_owned));
        let message = shorten(&message.unwrap_or_else(|| error.to_string()));
        Self { message, parameter: text("param"), code: text("code") }
    }
}

/// One printable line.
fn shorten(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
    line.trim().to_owned()
}
