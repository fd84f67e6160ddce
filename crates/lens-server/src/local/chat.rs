//! A conversation in one of the two dialects, as the server's own language model reads it.

use crate::{
    api::check_chars,
    error::{AppError, AppResult},
    options::ServerLimits,
};
use lens::{Decoding, prompt::Turn};
use serde::Deserialize;
use serde_json::Value;

/// Whose form a request and its answer have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    OpenAi,
    Anthropic,
}

/// A conversation. Its pictures are told of elsewhere; here only texts.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Chat {
    /// The name of the model that is to answer.
    pub(crate) model: String,
    /// What governs the conversation, empty when nothing does.
    pub(crate) system: String,
    /// Earlier questions and answers.
    pub(crate) turns: Vec<Turn>,
    /// What is asked now.
    pub(crate) question: String,
    pub(crate) stream: bool,
    pub(crate) include_usage: bool,
    max_tokens: Option<usize>,
    temperature: Option<f32>,
}

#[derive(Deserialize)]
struct Request {
    #[serde(default)]
    model: String,
    messages: Vec<Message>,
    #[serde(default)]
    system: Value,
    #[serde(default)]
    stream: bool,
    #[serde(default)]
    stream_options: StreamOptions,
    max_tokens: Option<usize>,
    max_completion_tokens: Option<usize>,
    temperature: Option<f32>,
    n: Option<usize>,
}

#[derive(Default, Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: bool,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    #[serde(default)]
    content: Value,
}

impl Chat {
    /// Reads a request. Messages of tools are read as the user's.
    pub(crate) fn parse(body: &str, limits: &ServerLimits) -> AppResult<Self> {
        let request: Request =
            serde_json::from_str(body).map_err(|error| AppError::bad(format!("the body: {error}")))?;
        if request.n.is_some_and(|n| n != 1) {
            return Err(AppError::bad("n: this server's own language model gives one answer"));
        }
        let mut chat = Self {
            model: request.model,
            system: text(&request.system),
            stream: request.stream,
            include_usage: request.stream_options.include_usage,
            max_tokens: request
                .max_completion_tokens
                .or(request.max_tokens)
                .map(|most| most.min(limits.answer_tokens)),
            temperature: request.temperature,
            ..Self::default()
        };
        for message in request.messages {
            chat.hear(&message);
        }
        if chat.question.is_empty() {
            return Err(AppError::bad("messages: expected a question of the user at the end"));
        }
        check_chars("the question", &chat.question, limits.text_chars)?;
        Ok(chat)
    }

    fn hear(&mut self, message: &Message) {
        let said = text(&message.content);
        match message.role.as_str() {
            "system" | "developer" => append(&mut self.system, &said),
            "assistant" => {
                let question = std::mem::take(&mut self.question);
                self.turns.push(Turn { question, answer: said });
            }
            _ => append(&mut self.question, &said),
        }
    }

    /// How the answer is searched for. One beam, unless `beams` says otherwise: so the answer can stream, and is
    /// the same whether it does or not.
    pub(crate) fn decoding(&self, own: &Decoding, beams: Option<usize>, seed: Option<u64>) -> Decoding {
        Decoding {
            beams: beams.unwrap_or(1),
            max_new_tokens: self.max_tokens.or(own.max_new_tokens),
            temperature: self.temperature.map_or(own.temperature, |one| one.clamp(0.0, 2.0)),
            seed: seed.unwrap_or(own.seed),
            ..own.clone()
        }
    }
}

fn append(text: &mut String, more: &str) {
    if !text.is_empty() && !more.is_empty() {
        text.push('\n');
    }
    text.push_str(more);
}

/// The text of a content: a string, or the text parts of a list.
fn text(content: &Value) -> String {
    let mut joined = String::new();
    match content {
        Value::String(one) => joined.push_str(one),
        Value::Array(parts) => {
            parts
                .iter()
                .filter_map(|part| part.get("text")?.as_str())
                .for_each(|one| append(&mut joined, one));
        }
        _ => (),
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::Chat;
    use crate::options::ServerLimits;
    use lens::{Decoding, prompt::Turn};

    #[test]
    fn both_dialects_are_read() {
        let openai = r#"{"messages":[{"role":"system","content":"Be brief."},
            {"role":"user","content":[{"type":"text","text":"Who?"},{"type":"image_url","image_url":{"url":"data:,"}}]},
            {"role":"assistant","content":"A dog"},{"role":"user","content":"Where?"}],"max_tokens":5,"stream":true}"#;
        let anthropic = r#"{"system":[{"type":"text","text":"Be brief."}],"messages":[
            {"role":"user","content":[{"type":"image","source":{"type":"base64","data":""}},{"type":"text","text":"Who?"}]},
            {"role":"assistant","content":[{"type":"text","text":"A dog"}]},{"role":"user","content":"Where?"}],
            "max_tokens":5,"stream":true}"#;
        for body in [openai, anthropic] {
            let chat = Chat::parse(body, &ServerLimits::default()).unwrap();
            assert_eq!((chat.system.as_str(), chat.question.as_str()), ("Be brief.", "Where?"));
            assert_eq!(chat.turns, [Turn { question: "Who?".into(), answer: "A dog".into() }]);
            let decoding = chat.decoding(&Decoding::default(), None, Some(3));
            assert_eq!((decoding.beams, decoding.max_new_tokens, decoding.seed), (1, Some(5), 3));
        }
    }

    #[test]
    fn an_answer_is_no_longer_than_the_server_allows() {
        let limits = ServerLimits { answer_tokens: 7, ..ServerLimits::default() };
        for (wished, expected) in
            [("", None), (r#","max_tokens":5"#, Some(5)), (r#","max_tokens":4096"#, Some(7))]
        {
            let body = format!(r#"{{"messages":[{{"role":"user","content":"q"}}]{wished}}}"#);
            let chat = Chat::parse(&body, &limits).unwrap();
            assert_eq!(chat.decoding(&Decoding::default(), None, None).max_new_tokens, expected);
        }
    }

    #[test]
    fn what_cannot_be_answered_is_refused() {
        for (body, told) in [
            (r#"{"messages":[]}"#, "messages"),
            (
                r#"{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]}"#,
                "messages",
            ),
            (r#"{"messages":[{"role":"user","content":"q"}],"n":2}"#, "n:"),
            (r#"{"messages":[{"role":"user","content":"far too long"}]}"#, "at most 5"),
            (r#"{"messages":3}"#, "the body"),
        ] {
            let limits = ServerLimits { text_chars: 5, ..ServerLimits::default() };
            let error = Chat::parse(body, &limits).unwrap_err();
            assert!(error.status == 400 && error.message.contains(told), "{body}: {}", error.message);
        }
    }
}
