//! How much text stands for pictures.

use crate::{
    proxy::{Chain, chain_of},
    support::{FirstPixel, captions, data_uri, post},
};
use lens::{
    Fingerprint, Item, Lens, Look, Module, Result, evidence::OcrLine, prompt::FenceKey, testing::FakeLlm,
};
use lens_server::{AppState, ServerLimits, ServerOptions, app};
use serde_json::{Value, json};

/// Reads a page of text in every picture.
struct Page;

impl Module for Page {
    fn name(&self) -> &'static str {
        "ocr"
    }

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::new()
    }

    fn see(&self, looks: &[Look], sink: &mut dyn FnMut(usize, Item)) -> Result<()> {
        for (index, line) in (0..looks.len()).flat_map(|index| (0..200).map(move |line| (index, line))) {
            let text = format!("line {line} of a long page that somebody photographed");
            sink(index, Item::Ocr(OcrLine { text, confidence: 0.9, ..OcrLine::default() }));
        }
        Ok(())
    }
}

fn pages(options: ServerOptions) -> AppState {
    let lens = Lens::builder().module(FirstPixel::default()).module(captions()).module(Page);
    // Every server with the same fences, so that texts can be compared.
    AppState::new(lens.fence(FenceKey::new([7; 32])).build().unwrap(), options).unwrap()
}

async fn chain(limits: ServerLimits) -> Chain {
    chain_of(ServerOptions { limits, ..ServerOptions::default() }, None, pages).await
}

fn picture(colour: u8) -> Value {
    json!({"type": "image_url", "image_url": {"url": data_uri([colour; 3])}})
}

fn chat(pictures: &[u8], lens: &Value) -> String {
    let turn =
        |colour: &u8| json!({"role": "user", "content": [picture(*colour), {"type": "text", "text": "q"}]});
    let messages: Vec<Value> = pictures.iter().map(turn).collect();
    json!({"messages": messages, "lens": lens}).to_string()
}

/// Texts that stand for pictures in a body that was sent.
fn blocks(sent: &str) -> Vec<String> {
    let sent: Value = serde_json::from_str(sent).unwrap();
    let text = |message: &Value| message["content"][0]["text"].as_str().unwrap().to_owned();
    sent["messages"].as_array().unwrap().iter().map(text).collect()
}

#[tokio::test]
async fn a_pictures_text_fits_what_the_server_or_the_request_allows() {
    struct Case(usize, Value, usize);
    let mut lengths = Vec::new();
    for Case(own, lens, most) in
        [Case(1024, json!({}), 1024), Case(300, json!({}), 300), Case(1024, json!({"tokens": 300}), 300)]
    {
        let chain = chain(ServerLimits { evidence_tokens: own, ..ServerLimits::default() }).await;
        let (status, told, answer) = chain.post("/v1/chat/completions", &[], &chat(&[1], &lens)).await;
        assert_eq!(status, 200, "{answer}");
        let number = |name: &str| told[name].to_str().unwrap().parse::<usize>().unwrap();
        let block = blocks(&chain.sent()[0]).remove(0);
        // Three bytes are counted as a token; the text may be a line of white space shorter than what was counted.
        assert!(block.len().div_ceil(3) <= number("x-lens-evidence-tokens"), "{block}");
        assert!((most / 2..=most).contains(&number("x-lens-evidence-tokens")), "{told:?}");
        let shown = block.matches("text in the picture").count();
        assert_eq!(
            number("x-lens-left-out"),
            203 - shown - block.matches("] caption").count() - block.matches("] tag").count()
        );
        assert!(
            shown > 0 && block.contains("] tag") && block.contains("[C2]"),
            "something of each kind stays"
        );
        lengths.push(block);
    }
    assert_eq!(lengths[1], lengths[2], "the flag and the wish mean the same");
}

#[tokio::test]
async fn pictures_of_later_turns_change_no_earlier_byte() {
    let chain = chain(ServerLimits::default()).await;
    for turns in 1..=8 {
        let pictures: Vec<u8> = (0..turns).collect();
        chain.post("/v1/chat/completions", &[], &chat(&pictures, &json!({}))).await;
    }
    let sent = chain.sent();
    assert_eq!(sent.len(), 8);
    for (shorter, longer) in sent.iter().zip(&sent[1..]) {
        let prefix = shorter.trim_end_matches("]}");
        assert!(longer.starts_with(prefix), "the provider's cache would be cold:\n{prefix}\n{longer}");
    }
}

#[tokio::test]
async fn more_than_all_pictures_may_have_is_told_and_nothing_is_sent() {
    let chain = chain(ServerLimits { evidence_total: Some(2500), ..ServerLimits::default() }).await;
    assert_eq!(chain.post("/v1/chat/completions", &[], &chat(&[1, 2], &json!({}))).await.0, 200);
    let (status, _, answer) = chain.post("/v1/chat/completions", &[], &chat(&[1, 2, 3], &json!({}))).await;
    let told: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!((status.as_u16(), &told["error"]["type"]), (413, &json!("request_too_large")));
    let message = told["error"]["message"].as_str().unwrap();
    assert!(message.contains("3 pictures") && message.contains("at most 2500"), "{message}");
    assert_eq!(chain.sent().len(), 1);
    let less = chat(&[1, 2, 3], &json!({"tokens": 400}));
    assert_eq!(chain.post("/v1/chat/completions", &[], &less).await.0, 200);
}

/// The server's own language model reads 300 words.
fn small_reader() -> AppState {
    let llm = FakeLlm::saying("yes").with_info(|info| {
        info.context_tokens = 300;
        info.chat = true;
    });
    let lens = Lens::builder().module(FirstPixel::default()).module(captions()).module(Page).llm(llm);
    AppState::new(lens.build().unwrap(), ServerOptions::default()).unwrap()
}

#[tokio::test]
async fn prompts_of_the_own_language_model_fit_it_however_many_pictures_there_are() {
    let app = app(small_reader());
    for pictures in [1, 2, 6] {
        let images: Vec<String> = (0..pictures).map(|colour| data_uri([colour; 3])).collect();
        let reply =
            post(&app, "/v1/ask", &json!({"images": images, "question": "What is written there?"})).await;
        let reply = reply.json();
        let (prompt, tokens) = (&reply["prompt"]["prompt"], reply["prompt"]["tokens"].as_u64().unwrap());
        assert!(tokens <= 300 && reply["answer"]["text"] == "yes", "{reply}");
        assert!(prompt["text"].as_str().unwrap().contains("What is written there?"), "the question stays");
        assert!(reply["prompt"]["dropped"].as_array().unwrap().len() > 100, "what did not fit is told");
    }
}

#[tokio::test]
async fn a_wished_number_of_tokens_counts_for_the_own_language_model_too() {
    let app = app(small_reader());
    let ask = |lens: Value| json!({"images": [data_uri([1; 3])], "question": "q", "lens": lens});
    let lines = |reply: &Value| reply["evidence"][0]["ocr"].as_array().unwrap().len();
    let all = post(&app, "/v1/ask", &ask(json!({}))).await.json();
    let few = post(&app, "/v1/ask", &ask(json!({"tokens": 300}))).await.json();
    assert!(lines(&all) == 200 && (1..20).contains(&lines(&few)), "{} {}", lines(&all), lines(&few));
    let chat = json!({"messages": [{"role": "user", "content": [picture(1), {"type": "text", "text": "q"}]}],
        "lens": {"tokens": 300, "evidence": true}});
    let reply = post(&app, "/v1/chat/completions", &chat).await.json();
    assert_eq!(reply["lens"]["evidence"][0]["ocr"].as_array().unwrap().len(), lines(&few));
    let none = post(&app, "/v1/ask", &ask(json!({"tokens": 3}))).await;
    assert!(none.status == 400 && none.message().starts_with("lens.tokens"), "{}", none.text());
}
