//! No connection is made that nobody asked for, and with `--offline` none at all.

use crate::place::Place;
use assert_cmd::Command;
use std::{
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// A door on loopback that counts who knocks and lets nobody in.
struct Door {
    url: String,
    knocks: Arc<AtomicUsize>,
}

impl Door {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let knocks: Arc<AtomicUsize> = Arc::default();
        let counted = Arc::clone(&knocks);
        thread::spawn(move || listener.incoming().for_each(|_| _ = counted.fetch_add(1, Ordering::SeqCst)));
        Self { url, knocks }
    }

    /// All ways out of the program lead to this door: hub, endpoint, proxies.
    fn lens(&self, place: &Place, arguments: &[&str]) -> Command {
        let mut lens = place.lens(arguments);
        lens.env_remove("LENS_OFFLINE").env("LENS_ENDPOINT_MODEL", "fake").env("LENS_ENDPOINT_RETRIES", "0");
        lens.env("LENS_ENDPOINT_BASE_URL", format!("{}/v1", self.url));
        for name in [
            "HF_ENDPOINT",
            "ALL_PROXY",
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "all_proxy",
            "http_proxy",
            "https_proxy",
        ] {
            lens.env(name, &self.url);
        }
        lens
    }

    fn knocks(&self) -> usize {
        self.knocks.load(Ordering::SeqCst)
    }
}

#[test]
fn the_models_inside_the_program_open_none() {
    let (door, place) = (Door::new(), Place::new());
    place.example("shapes.png");
    place.write("labels.txt", "circle\nsquare\n");
    for arguments in [
        &["ask", "shapes.png", "What is it?"][..],
        &["see", "shapes.png"],
        &["classify", "shapes.png", "--labels", "labels.txt"],
        &["chat", "shapes.png"],
        &["doctor"],
        &["models", "list"],
        &["vocab", "show"],
    ] {
        let mut lens = door.lens(&place, arguments);
        lens.write_stdin("Why?\n").assert().success();
        assert_eq!(door.knocks(), 0, "{arguments:?}");
    }
}

#[test]
fn offline_opens_none_whatever_is_asked_for() {
    let (door, place) = (Door::new(), Place::new());
    place.example("shapes.png");
    place.write("birds.txt", "owl\n");
    let endpoint = format!("{}/v1", door.url);
    let llm = ["--llm", endpoint.as_str()];
    for arguments in [
        &["ask", "shapes.png", "What is it?", llm[0], llm[1]][..],
        &["ask", "shapes.png", "What is it?", "--llm", "endpoint"],
        &["chat", "shapes.png", llm[0], llm[1]],
        &["vocab", "describe", "birds.txt", llm[0], llm[1]],
        &["see", "shapes.png", "--preset", "base"],
        &["models", "pull", "somebody/something"],
        &["--preset", "paper", "models", "pull"],
    ] {
        door.lens(&place, arguments).arg("--offline").assert().code(4);
        assert_eq!(door.knocks(), 0, "{arguments:?}");
    }
}

/// The same commands do knock when they may: the tests above can fail.
#[test]
fn online_they_knock() {
    let (door, place) = (Door::new(), Place::new());
    place.example("shapes.png");
    for arguments in
        [&["models", "pull", "somebody/something"][..], &["ask", "shapes.png", "?", "--llm", "endpoint"]]
    {
        let before = door.knocks();
        door.lens(&place, arguments).assert().code(7);
        assert!(door.knocks() > before, "{arguments:?}");
    }
}
