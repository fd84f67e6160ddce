//! Answers in the form of OpenAI's chat completions.

use super::speak::{Head, Sent};
use lens::{Answer, llm::Finish};
use serde_json::{Value, json};

pub(super) fn whole(head: &Head, answer: &Answer) -> Value {
    let message = json!({"role": "assistant", "content": answer.text, "refusal": null});
    let choice = json!({"index": 0, "message": message, "logprobs": null, "finish_reason": finish(answer)});
    json!({
        "id": head.id("chatcmpl-"), "object": "chat.completion", "created": head.created, "model": head.model,
        "choices": [choice], "usage": usage(head, answer),
    })
}

pub(super) fn opening(head: &Head) -> Vec<Sent> {
    vec![chunk(head, &json!({"role": "assistant", "content": ""}), None)]
}

pub(super) fn piece(head: &Head, text: &str) -> Sent {
    chunk(head, &json!({"content": text}), None)
}

pub(super) fn closing(head: &Head, answer: &Answer) -> Vec<Sent> {
    let mut events = vec![chunk(head, &json!({}), Some(finish(answer)))];
    if head.include_usage {
        let mut last = frame(head);
        last["choices"] = json!([]);
        last["usage"] = usage(head, answer);
        events.push(Sent { name: None, data: last.to_string() });
    }
    events.push(Sent { name: None, data: "[DONE]".to_owned() });
    events
}

fn chunk(head: &Head, delta: &Value, finish: Option<&str>) -> Sent {
    let mut chunk = frame(head);
    chunk["choices"] = json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}]);
    Sent { name: None, data: chunk.to_string() }
}

fn frame(head: &Head) -> Value {
    json!({
        "id": head.id("chatcmpl-"), "object": "chat.completion.chunk", "created": head.created, "model": head.model,
    })
}

fn finish(answer: &Answer) -> &'static str {
    match answer.finish {
        Finish::Length => "length",
        Finish::Stop | Finish::Cancelled => "stop",
    }
}

fn usage(head: &Head, answer: &Answer) -> Value {
    let completion = answer.tokens.unwrap_or_default();
    let total = head.prompt_tokens + completion;
    json!({"prompt_tokens": head.prompt_tokens, "completion_tokens": completion, "total_tokens": total})
}
