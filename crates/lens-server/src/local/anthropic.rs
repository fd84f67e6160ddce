//! Answers in the form of Anthropic's messages.

use super::speak::{Head, Sent};
use lens::{Answer, llm::Finish};
use serde_json::{Value, json};

pub(super) fn whole(head: &Head, answer: &Answer) -> Value {
    let mut message = frame(head);
    message["content"] = json!([{"type": "text", "text": answer.text}]);
    message["stop_reason"] = json!(stop_reason(answer));
    message["usage"] =
        json!({"input_tokens": head.prompt_tokens, "output_tokens": answer.tokens.unwrap_or_default()});
    message
}

pub(super) fn opening(head: &Head) -> Vec<Sent> {
    let block = json!({"type": "text", "text": ""});
    vec![
        event("message_start", json!({"message": frame(head)})),
        event("content_block_start", json!({"index": 0, "content_block": block})),
    ]
}

pub(super) fn piece(text: &str) -> Sent {
    event("content_block_delta", json!({"index": 0, "delta": {"type": "text_delta", "text": text}}))
}

pub(super) fn closing(answer: &Answer) -> Vec<Sent> {
    let delta = json!({"stop_reason": stop_reason(answer), "stop_sequence": null});
    let usage = json!({"output_tokens": answer.tokens.unwrap_or_default()});
    vec![
        event("content_block_stop", json!({"index": 0})),
        event("message_delta", json!({"delta": delta, "usage": usage})),
        event("message_stop", json!({})),
    ]
}

fn event(name: &'static str, mut data: Value) -> Sent {
    data["type"] = json!(name);
    Sent { name: Some(name), data: data.to_string() }
}

fn frame(head: &Head) -> Value {
    json!({
        "id": head.id("msg_"), "type": "message", "role": "assistant", "model": head.model, "content": [],
        "stop_reason": null, "stop_sequence": null,
        "usage": {"input_tokens": head.prompt_tokens, "output_tokens": 0},
    })
}

fn stop_reason(answer: &Answer) -> &'static str {
    match answer.finish {
        Finish::Length => "max_tokens",
        Finish::Stop | Finish::Cancelled => "end_turn",
    }
}
