//! Evidence, questions, labels, embeddings.

use crate::support::{data_uri, get, png, post, post_for_events, reader, send, server, state};
use axum::{body::Body, http::Request};
use base64::{Engine, engine::general_purpose::STANDARD};
use lens::Lens;
use lens_server::{AppState, ServerOptions, app, document};
use serde_json::{Value, json};

const BLUE: [u8; 3] = [0, 0, 255];

#[tokio::test]
async fn evidence_comes_from_json_and_from_a_form() {
    let app = server();
    let from_json = post(&app, "/v1/evidence", &json!({"image": data_uri(BLUE)})).await;
    assert_eq!(from_json.status, 200, "{}", from_json.text());
    let record = from_json.json();
    assert_eq!(
        (record["tags"][0]["id"].as_str(), record["tags"][0]["text"].as_str()),
        (Some("T1"), Some("colour [0, 0, 255]"))
    );
    let mut form =
        b"--x\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n\r\n".to_vec();
    form.extend(png(BLUE));
    form.extend(b"\r\n--x--\r\n");
    let request = Request::post("/v1/evidence").header("host", "localhost");
    let request =
        request.header("content-type", "multipart/form-data; boundary=x").body(Body::from(form)).unwrap();
    assert_eq!(send(&app, request).await.json(), record);
    let known = get(&app, &format!("/v1/evidence/{}", record["image"]["sha256"].as_str().unwrap())).await;
    assert_eq!(known.json(), record);
}

#[tokio::test]
async fn evidence_arrives_module_by_module() {
    let app = server();
    let events = post_for_events(&app, "/v1/evidence", &json!({"image": data_uri(BLUE)})).await;
    let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["module", "module", "evidence"]);
    let data: Vec<Value> = events.iter().map(|(_, data)| serde_json::from_str(data).unwrap()).collect();
    assert_eq!((data[0]["module"].as_str(), data[1]["module"].as_str()), (Some("tags"), Some("captions")));
    assert!(data[0]["record"]["captions"].as_array().unwrap().is_empty());
    assert_eq!(data[1]["record"]["captions"], data[2]["captions"]);
    let again = post_for_events(&app, "/v1/evidence", &json!({"image": data_uri(BLUE)})).await;
    assert_eq!(again.len(), 1, "what is known comes at once");
}

#[tokio::test]
async fn what_is_no_picture_is_told_and_shows_no_inside() {
    let app = server();
    let uri = |bytes: &[u8]| format!("data:image/png;base64,{}", STANDARD.encode(bytes));
    for (image, told) in [
        (uri(b"%PDF-1.7"), "a PDF document"),
        (uri(&png(BLUE)[..20]), "image: "),
        ("data:image/png;base64,%%%".to_owned(), "base64"),
        ("/etc/passwd".to_owned(), "expected data:image"),
        ("file:///etc/passwd".to_owned(), "expected data:image"),
        ("https://example.com/a.png".to_owned(), "expected data:image"),
    ] {
        let reply = post(&app, "/v1/evidence", &json!({"image": image})).await;
        assert_eq!(reply.status, 400, "{image}");
        assert!(reply.message().contains(told), "{image}: {}", reply.message());
    }
    let events = post_for_events(&app, "/v1/evidence", &json!({"image": uri(b"%PDF-1.7")})).await;
    assert!(events[0].0 == "error" && events[0].1.contains("a PDF document"), "{events:?}");
}

#[tokio::test]
async fn a_question_is_answered_with_all_that_the_answer_rests_on() {
    let app = server();
    let question = json!({"images": [data_uri(BLUE), data_uri([9; 3])], "question": "Which colour?"});
    let reply = post(&app, "/v1/ask", &question).await.json();
    assert_eq!(reply["answer"]["text"], "it is blue");
    assert_eq!(reply["evidence"].as_array().unwrap().len(), 2);
    let prompt = reply["prompt"]["prompt"]["text"].as_str().unwrap();
    assert!(prompt.contains("Picture 2") && prompt.ends_with("Question: Which colour?"), "{prompt}");
}

#[tokio::test]
async fn a_known_picture_is_asked_about_by_its_hash_and_without_a_module() {
    let app = server();
    let record = post(&app, "/v1/evidence", &json!({"image": data_uri(BLUE)})).await.json();
    let image = format!("sha256:{}", record["image"]["sha256"].as_str().unwrap());
    let ask = |lens: Value| json!({"images": [image], "question": "q", "lens": lens});
    let all = post(&app, "/v1/ask", &ask(json!({}))).await.json();
    assert!(all["prompt"]["prompt"]["text"].as_str().unwrap().contains("[T1] tag"));
    let some =
        post(&app, "/v1/ask", &ask(json!({"modules": ["captions"], "counts": {"captions": 1}}))).await.json();
    let prompt = some["prompt"]["prompt"]["text"].as_str().unwrap();
    assert!(!prompt.contains("[T1]") && prompt.contains("[C1]") && !prompt.contains("[C2]"), "{prompt}");
    for (wish, told) in [
        (json!({"modules": ["smell"]}), "smell"),
        (json!({"template": "/etc/passwd"}), "lens.template"),
        (json!({"beams": 0}), "lens.beams"),
        (json!({"colour": 1}), "colour"),
    ] {
        let refused = post(&app, "/v1/ask", &ask(wish)).await;
        assert!(refused.status.is_client_error() && refused.message().contains(told), "{}", refused.text());
    }
    let unknown = json!({"images": [format!("sha256:{}", "0".repeat(64))], "question": "q"});
    assert_eq!(post(&app, "/v1/ask", &unknown).await.status, 404);
}

#[tokio::test]
async fn an_answer_streams() {
    let question = json!({"images": [data_uri(BLUE)], "question": "q", "lens": {"beams": 1}});
    let events = post_for_events(&server(), "/v1/ask", &question).await;
    let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["prompt", "token", "token", "token", "reply"]);
    assert!(events[4].1.contains("it is blue"));
}

#[tokio::test]
async fn the_language_model_that_is_named_answers() {
    let options = ServerOptions { readers: vec![reader("second")], ..ServerOptions::default() };
    let app = app(state(options));
    let ask = |extra: Value| {
        let mut body = json!({"images": [data_uri(BLUE)], "question": "q"});
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        body
    };
    let reply = post(&app, "/v1/ask", &ask(json!({"llm": "second"}))).await.json();
    assert_eq!((&reply["answer"]["text"], &reply["llm"]["name"]), (&json!("second"), &json!("second")));
    let prompt = &reply["prompt"];
    assert_eq!(prompt["template"], "default", "it reads a prompt of its own form");
    for own in [json!({}), json!({"llm": null}), json!({"llm": "fake"})] {
        assert_eq!(post(&app, "/v1/ask", &ask(own)).await.json()["answer"]["text"], "it is blue");
    }
    let unknown = post(&app, "/v1/ask", &ask(json!({"llm": "third"}))).await;
    assert_eq!(
        (unknown.status.as_u16(), unknown.message().as_str()),
        (400, "llm: expected one of fake, second, found `third`")
    );
    let chat = json!({"model": "second", "messages": [{"role": "user", "content": "q"}]});
    let chat = post(&app, "/v1/chat/completions", &chat).await.json();
    assert_eq!(
        (&chat["model"], &chat["choices"][0]["message"]["content"]),
        (&json!("second"), &json!("second"))
    );
    let models = get(&app, "/v1/models").await.json();
    assert_eq!((&models["data"][0]["id"], &models["data"][1]["id"]), (&json!("fake"), &json!("second")));
}

#[tokio::test]
async fn two_language_models_of_one_name_are_refused() {
    let options = ServerOptions { readers: vec![reader("twin"), reader("twin")], ..ServerOptions::default() };
    let lens = Lens::builder().build().unwrap();
    let error = AppState::new(lens, options).unwrap_err();
    assert_eq!(error.finding(), Some("`twin` twice"));
}

#[tokio::test]
async fn a_picture_is_shown_as_the_encoders_take_it() {
    let views = post(&server(), "/v1/views", &json!({"image": data_uri(BLUE)})).await.json();
    let [view] = views["views"].as_array().unwrap().as_slice() else { panic!("{views}") };
    assert_eq!((&view["modules"], &view["width"], &view["height"]), (&json!(["tags"]), &json!(1), &json!(1)));
    let png = STANDARD.decode(view["image"].as_str().unwrap().split_once(',').unwrap().1).unwrap();
    assert_eq!(image::load_from_memory(&png).unwrap().to_rgb8().into_raw(), BLUE);
    let refused = post(&server(), "/v1/views", &json!({"image": "data:image/png;base64,AAAA"})).await;
    assert!(refused.status == 400 && refused.message().starts_with("image: "), "{}", refused.text());
}

#[tokio::test]
async fn labels_are_sorted_by_both() {
    let body = json!({"image": data_uri(BLUE), "labels": ["red", "blue"], "question": "Which?"});
    let reply = post(&server(), "/v1/classify", &body).await.json();
    assert_eq!(reply["clip"][0]["label"], "blue");
    assert_eq!(reply["basis"], "likelihood");
}

#[tokio::test]
async fn pictures_and_texts_meet_in_one_space() {
    let app = server();
    let reply = post(&app, "/v1/embeddings", &json!({"input": ["blue", data_uri(BLUE)]})).await.json();
    assert_eq!(reply["data"][0]["embedding"], json!([0.0, 0.0, 1.0]));
    assert_eq!(reply["data"][1]["embedding"], json!([0.0, 0.0, 1.0]));
    let packed =
        post(&app, "/v1/embeddings", &json!({"input": "blue", "encoding_format": "base64"})).await.json();
    assert_eq!(packed["data"][0]["embedding"], STANDARD.encode([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128, 63]));
}

#[tokio::test]
async fn the_server_tells_about_itself() {
    let app = server();
    assert_eq!(get(&app, "/health").await.text(), "ok\n");
    let about = get(&app, "/v1/about").await.json();
    assert_eq!((&about["modules"], &about["llms"]), (&json!(["tags", "captions"]), &json!(["fake"])));
    assert_eq!((&about["picture_bytes"], &about["question_characters"]), (&json!(24 << 20), &json!(8000)));
    post(&app, "/v1/evidence", &json!({"image": data_uri(BLUE)})).await;
    post(&app, "/v1/evidence", &json!({"image": data_uri(BLUE)})).await;
    let metrics = get(&app, "/metrics").await;
    for line in [
        "lens_requests_total{route=\"/v1/evidence\",status=\"200\"} 2\n",
        "lens_evidence_total{source=\"memory\"} 1\n",
        "lens_evidence_total{source=\"vision\"} 1\n",
        "lens_batch_pictures_count 1\n",
        "lens_module_seconds_count{module=\"tags\"} 1\n",
        "lens_open_questions 0\n",
    ] {
        assert!(metrics.text().contains(line), "{line}{}", metrics.text());
    }
}

#[tokio::test]
async fn the_description_is_the_one_written_down() {
    let text = document().unwrap() + "\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    if std::env::var_os("LENS_BLESS").is_some() {
        fs_err::write(path, &text).unwrap();
    }
    let written = fs_err::read_to_string(path).unwrap();
    assert!(
        written == text,
        "docs/openapi.json is old: run the tests with LENS_BLESS=1 and look at the diff"
    );
    let served = get(&server(), "/openapi.json").await.json();
    assert_eq!(served, serde_json::from_str::<Value>(&text).unwrap());
}
