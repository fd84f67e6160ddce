//! Gives an answer in a dialect, whole or as it is made.

use super::{Chat, Dialect, Hangup, Reader, anthropic, openai, prompt_for, stream};
use crate::{
    error::{AppResult, ErrorBody},
    rewrite::Wish,
    state::AppState,
};
use axum::{
    Json,
    response::{IntoResponse, Response, sse::Event},
};
use lens::{Answer, Cancel, Evidence, evidence::hex, prompt::PackedPrompt};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::sync::mpsc;

/// What stands on every piece of one answer.
#[derive(Debug, Clone)]
pub(super) struct Head {
    id: String,
    pub(super) created: u64,
    pub(super) model: String,
    pub(super) prompt_tokens: usize,
    pub(super) include_usage: bool,
}

/// One server-sent event.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) name: Option<&'static str>,
    pub(super) data: String,
}

impl From<Sent> for Event {
    fn from(Sent { name, data }: Sent) -> Self {
        let event = Self::default().data(data);
        match name {
            Some(name) => event.event(name),
            None => event,
        }
    }
}

impl Head {
    pub(super) fn id(&self, prefix: &str) -> String {
        format!("{prefix}{}", self.id)
    }

    fn new(model: String, prompt: &PackedPrompt, include_usage: bool) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut hash = Sha256::new();
        hash.update(now.as_nanos().to_le_bytes());
        hash.update(&prompt.prompt.text);
        let id = hex(hash.finalize().get(..12).unwrap_or_default());
        Self { id, created: now.as_secs(), model, prompt_tokens: prompt.tokens, include_usage }
    }
}

/// Answers a conversation about pictures. The request's model, where it is one of this server's, answers; any other
/// name means the first.
pub(crate) async fn speak(
    state: &AppState,
    dialect: Dialect,
    chat: Chat,
    wish: Wish,
    evidence: Vec<Arc<Evidence>>,
) -> AppResult<Response> {
    let place = state.answers().place()?;
    let readers = state.answers().readers();
    let reader = readers.named(&chat.model).map_or_else(|| readers.find(None), Ok)?;
    let (streams, include_usage, beside) = (chat.stream, chat.include_usage, wish.evidence);
    let decoding = chat.decoding(reader.lens.decoding(), wish.beams, wish.seed);
    let (prompt, evidence) = {
        let reader = Arc::clone(&reader);
        let made = move |state: &AppState| {
            let wished = |one: &Arc<Evidence>| state.blocks().wished(one, &wish, "the evidence");
            let evidence: Vec<Evidence> = evidence.iter().map(wished).collect::<AppResult<_>>()?;
            Ok((prompt(&reader, &chat, &wish, &evidence)?, evidence))
        };
        state.blocking(made).await?
    };
    let head = Head::new(reader.info.name.clone(), &prompt, include_usage);
    let beside = beside.then(|| json!({"evidence": evidence, "prompt": prompt}));
    let cancel = Cancel::new();
    let hangup = Hangup(cancel.clone());
    if !streams {
        let answer = reader.batcher.answer(prompt, decoding, None, cancel).await?;
        drop((place, hangup));
        return Ok(Json(whole(dialect, &head, &answer, beside)).into_response());
    }
    let (out, events) = mpsc::unbounded_channel::<Event>();
    tokio::spawn(async move {
        let _place = place;
        let (pieces, heard) = mpsc::unbounded_channel();
        let telling = tell(dialect, &head, heard, &out);
        let answering = reader.batcher.answer(prompt, decoding, Some(pieces), cancel);
        let (answer, told) = tokio::join!(answering, telling);
        for event in ending(dialect, &head, answer, told) {
            _ = out.send(event.into());
        }
    });
    Ok(stream(events, hangup))
}

fn prompt(reader: &Reader, chat: &Chat, wish: &Wish, evidence: &[Evidence]) -> AppResult<PackedPrompt> {
    let mut packed = prompt_for(reader, wish, evidence, &chat.turns, &chat.question)?;
    // Only a model that converses has a place for what governs the conversation.
    if let Some(system) = packed.prompt.system.as_mut().filter(|_| !chat.system.is_empty()) {
        system.push('\n');
        system.push_str(&chat.system);
    }
    Ok(packed)
}

/// Passes pieces on as they come; gives whether there were any.
async fn tell(
    dialect: Dialect,
    head: &Head,
    mut heard: mpsc::UnboundedReceiver<String>,
    out: &mpsc::UnboundedSender<Event>,
) -> bool {
    let opening = match dialect {
        Dialect::OpenAi => openai::opening(head),
        Dialect::Anthropic => anthropic::opening(head),
    };
    for event in opening {
        _ = out.send(event.into());
    }
    let mut any = false;
    while let Some(text) = heard.recv().await {
        any = true;
        _ = out.send(piece(dialect, head, &text).into());
    }
    any
}

fn piece(dialect: Dialect, head: &Head, text: &str) -> Sent {
    match dialect {
        Dialect::OpenAi => openai::piece(head, text),
        Dialect::Anthropic => anthropic::piece(text),
    }
}

/// A search with beams gives its text at the end, in one piece.
fn ending(dialect: Dialect, head: &Head, answer: AppResult<Answer>, told: bool) -> Vec<Sent> {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            let name = (dialect == Dialect::Anthropic).then_some("error");
            return vec![Sent { name, data: json!(ErrorBody::from(error)).to_string() }];
        }
    };
    let mut events = if told { Vec::new() } else { vec![piece(dialect, head, &answer.text)] };
    events.extend(match dialect {
        Dialect::OpenAi => openai::closing(head, &answer),
        Dialect::Anthropic => anthropic::closing(&answer),
    });
    events
}

fn whole(dialect: Dialect, head: &Head, answer: &Answer, beside: Option<Value>) -> Value {
    let mut whole = match dialect {
        Dialect::OpenAi => openai::whole(head, answer),
        Dialect::Anthropic => anthropic::whole(head, answer),
    };
    if let Some(beside) = beside {
        whole["lens"] = beside;
    }
    whole
}
