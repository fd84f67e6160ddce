//! `/ready` says no until the models are loaded.

use crate::support::{get, seeing};
use lens::{Error, ErrorKind, Fingerprint, Item, Look, Module, Result};
use lens_server::{ServerOptions, app};
use std::sync::{
    Mutex,
    mpsc::{Receiver, Sender, channel},
};

/// Loads when it first looks: tells that it has begun, and waits for how it goes on.
struct SlowToLoad {
    begun: Mutex<Sender<()>>,
    outcome: Mutex<Receiver<Result<()>>>,
}

impl Module for SlowToLoad {
    fn name(&self) -> &'static str {
        "tags"
    }

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::new()
    }

    fn see(&self, _: &[Look], _: &mut dyn FnMut(usize, Item)) -> Result<()> {
        self.begun.lock().unwrap().send(()).unwrap();
        self.outcome.lock().unwrap().recv().unwrap()
    }
}

#[tokio::test]
async fn ready_is_when_the_models_are_loaded() {
    let ((begun, begins), (finish, outcome)) = (channel(), channel());
    let module = SlowToLoad { begun: Mutex::new(begun), outcome: Mutex::new(outcome) };
    let state = seeing(module, ServerOptions::default());
    let app = app(state.clone());
    assert_eq!(get(&app, "/ready").await.status, 503, "before anything is loaded");
    for (loads, status) in [(false, 503), (true, 200)] {
        let state = state.clone();
        let loading = tokio::task::spawn_blocking(move || state.load_models());
        begins.recv().unwrap();
        let meanwhile = get(&app, "/ready").await;
        assert_eq!(meanwhile.status, 503);
        assert!(meanwhile.message().contains("being loaded"), "{}", meanwhile.text());
        assert_eq!(get(&app, "/health").await.status, 200, "it lives all the same");
        finish.send(if loads { Ok(()) } else { Err(Error::new(ErrorKind::Weights, "gone")) }).unwrap();
        assert_eq!(loading.await.unwrap().is_ok(), loads);
        assert_eq!(get(&app, "/ready").await.status, status);
    }
}
