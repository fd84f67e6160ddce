use super::Tools;
use crate::{options::ServerOptions, state::AppState};
use lens::{
    Item, Lens,
    evidence::{OcrLine, Tag},
    testing::FakeModule,
};
use rmcp::{RoleClient, ServiceExt, model::CallToolRequestParams, service::RunningService};
use serde_json::{Value, json};

/// The SDK's own client, over a pipe as over stdin and stdout.
async fn client() -> RunningService<RoleClient, ()> {
    let tag = Item::Tag(Tag { text: "a lighthouse".into(), ..Tag::default() });
    let words = Item::Ocr(OcrLine { text: "KEEP OUT".into(), ..OcrLine::default() });
    let lens = Lens::builder().module(FakeModule::seeing("tags", vec![tag, words])).build().unwrap();
    let state = AppState::new(lens, ServerOptions::default()).unwrap();
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    tokio::spawn(async move {
        let server = Tools::new(state).serve(ours).await.unwrap();
        server.waiting().await.unwrap();
    });
    ().serve(theirs).await.unwrap()
}

async fn call(
    client: &RunningService<RoleClient, ()>,
    name: &'static str,
    arguments: Value,
) -> (bool, String) {
    let arguments = arguments.as_object().unwrap().clone();
    let result = client.call_tool(CallToolRequestParams::new(name).with_arguments(arguments)).await.unwrap();
    let result = serde_json::to_value(result).unwrap();
    (result["isError"] == json!(true), result["content"][0]["text"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn the_official_client_looks_through_the_tools() {
    let client = client().await;
    let tools = client.list_all_tools().await.unwrap();
    assert_eq!(tools.len(), 3);
    let image = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
    let (error, seen) = call(&client, "see_image", json!({"image": image})).await;
    assert!(!error && seen.contains("a lighthouse") && seen.contains("KEEP OUT"), "{seen}");
    let (error, words) = call(&client, "read_text", json!({"image": image})).await;
    assert!(!error && words.contains("KEEP OUT") && !words.contains("a lighthouse"), "{words}");
    let (error, told) = call(&client, "ask_image", json!({"images": [image], "question": "q"})).await;
    assert!(error && told.contains("language model"), "{told}");
    let (error, told) = call(&client, "see_image", json!({"image": "data:image/png;base64,AAAA"})).await;
    assert!(error && told.starts_with("image: expected a"), "{told}");
    client.cancel().await.unwrap();
}
