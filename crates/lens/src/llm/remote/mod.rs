//! Any OpenAI-compatible endpoint: a server on this machine, or a service.
//!
//! Only text leaves the machine. What was seen stands in the user's message, between fences; see
//! [`crate::prompt`].

mod options;
mod post;
mod refusal;
mod reply;
mod stream;
mod tokens;

#[cfg(test)]
mod tests;

pub use options::{EndpointOptions, Key};

use super::{Answer, Cancel, Decoding, Finish, Llm, LlmInfo, Prompt};
use crate::{Error, ErrorKind, Fingerprint, Result};
use post::Post;
use std::{
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

/// How often a raised flag is looked for.
const GLANCE: Duration = Duration::from_millis(50);

/// Most connections at a time. One whose caller stopped counts until the endpoint answers or its time is over: a read
/// cannot be taken back.
const MOST_TALKS: usize = 256;

/// A language model behind `BASE_URL/chat/completions`.
#[derive(Debug)]
pub struct Remote {
    options: EndpointOptions,
    post: Arc<Post>,
}

/// What the thread that talks to the endpoint reports.
enum Event {
    Token(String),
    Done(Result<Answer>),
}

impl Remote {
    /// An endpoint that is not connected to yet.
    ///
    /// # Errors
    /// `Config` when the base URL is no http or https URL.
    pub fn new(options: EndpointOptions) -> Result<Self> {
        let post = Arc::new(Post::new(&options)?);
        Ok(Self { options, post })
    }

    /// One prompt, on a thread of its own: a read that waits for the endpoint must not keep the caller from
    /// stopping.
    fn answer_one(
        &self,
        prompt: &Prompt,
        decoding: &Decoding,
        on_token: &mut dyn FnMut(&str),
        cancel: &Cancel,
    ) -> Result<Answer> {
        // Each holds a clone of the way to the endpoint.
        if Arc::strong_count(&self.post) > MOST_TALKS {
            return Err(Error::new(ErrorKind::Overloaded, "the endpoint")
                .expected(format!("at most {MOST_TALKS} questions at a time"))
                .found("more that it has not answered"));
        }
        let (sender, receiver) = sync_channel(64);
        let (post, stop) = (Arc::clone(&self.post), cancel.clone());
        let body = post::body(&self.options.model, prompt, decoding);
        thread::Builder::new()
            .name("endpoint".to_owned())
            .spawn(move || talk(&post, body, &stop, &sender))
            .map_err(|error| {
            Error::new(ErrorKind::Overloaded, "a thread").found(error.to_string()).because(error)
        })?;
        follow(&receiver, on_token, cancel)
    }
}

/// A receiver that went away has been cancelled; nobody is left to tell.
fn talk(post: &Post, body: serde_json::Value, stop: &Cancel, sender: &SyncSender<Event>) {
    let mut on_token = |text: &str| sender.send(Event::Token(text.to_owned())).is_ok() && !stop.is_raised();
    let answer = post.answer(body, &mut on_token, stop);
    let _ = sender.send(Event::Done(answer));
}

fn follow(receiver: &Receiver<Event>, on_token: &mut dyn FnMut(&str), cancel: &Cancel) -> Result<Answer> {
    let mut text = String::new();
    while !cancel.is_raised() {
        match receiver.recv_timeout(GLANCE) {
            Ok(Event::Token(piece)) => {
                on_token(&piece);
                text.push_str(&piece);
            }
            Ok(Event::Done(answer)) => return answer,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(
                    Error::new(ErrorKind::Internal, "the thread of the endpoint").found("it ended early")
                );
            }
        }
    }
    Ok(Answer { text: text.trim().to_owned(), finish: Finish::Cancelled, ..Answer::default() })
}

impl Llm for Remote {
    fn info(&self) -> LlmInfo {
        let EndpointOptions { model, base_url, context_tokens, answer_tokens, .. } = &self.options;
        LlmInfo {
            name: model.clone(),
            context_tokens: context_tokens.saturating_sub(*answer_tokens),
            gives_likelihoods: false,
            chat: true,
            remote: true,
            fingerprint: Fingerprint::new().with("model", model).with("endpoint", base_url),
        }
    }

    /// More than any common tokenizer makes of the text.
    fn count_tokens(&self, text: &str) -> usize {
        tokens::at_most(text)
    }

    fn answer(
        &self,
        prompts: &[Prompt],
        decoding: &Decoding,
        on_token: &mut dyn FnMut(usize, &str),
        cancel: &Cancel,
    ) -> Result<Vec<Answer>> {
        let one = |(index, prompt)| {
            if cancel.is_raised() {
                return Ok(Answer { finish: Finish::Cancelled, ..Answer::default() });
            }
            self.answer_one(prompt, decoding, &mut |piece| on_token(index, piece), cancel)
        };
        prompts.iter().enumerate().map(one).collect()
    }

    /// Endpoints tell no likelihoods of given texts.
    fn score(&self, _: &Prompt, _: &[&str]) -> Result<Option<Vec<f64>>> {
        Ok(None)
    }
}
