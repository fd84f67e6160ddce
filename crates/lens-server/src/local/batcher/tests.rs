use super::Batcher;
use crate::{
    metrics::Metrics,
    testing::{Gate, until},
};
use lens::{
    Answer, Cancel, Decoding, Error, ErrorKind, Lens, Llm, LlmInfo, Prompt, Result, prompt::PackedPrompt,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// Says a prompt back word by word once the gate is open; fails at "bad".
#[derive(Default)]
struct Echo {
    gate: Gate,
}

impl Llm for Echo {
    fn info(&self) -> LlmInfo {
        LlmInfo::default()
    }

    fn count_tokens(&self, text: &str) -> usize {
        text.len()
    }

    fn answer(
        &self,
        prompts: &[Prompt],
        _: &Decoding,
        hear: &mut dyn FnMut(usize, &str),
        cancel: &Cancel,
    ) -> Result<Vec<Answer>> {
        self.gate.pass(prompts.len());
        assert!(prompts.iter().all(|prompt| prompt.text != "panic"), "a defect of a model");
        if prompts.iter().any(|prompt| prompt.text == "bad") {
            return Err(Error::new(ErrorKind::Model, "echo").found("a bad prompt"));
        }
        for (index, prompt) in prompts.iter().enumerate() {
            prompt
                .text
                .split_inclusive(' ')
                .filter(|_| !cancel.is_raised())
                .for_each(|word| hear(index, word));
        }
        Ok(prompts.iter().map(|prompt| Answer { text: prompt.text.clone(), ..Answer::default() }).collect())
    }

    fn score(&self, _: &Prompt, _: &[&str]) -> Result<Option<Vec<f64>>> {
        Ok(None)
    }
}

fn batcher(echo: &Arc<Echo>) -> Arc<Batcher> {
    let lens = Lens::builder().shared_llm(echo.clone()).build().unwrap();
    Arc::new(Batcher::start(Arc::new(lens), Arc::new(Metrics::default())).unwrap())
}

fn ask(answers: &Arc<Batcher>, text: &str, beams: usize) -> tokio::task::JoinHandle<Result<String, String>> {
    let prompt = Prompt { text: text.into(), ..Prompt::default() };
    let prompt = PackedPrompt { prompt, template: String::new(), tokens: 0, dropped: Vec::new() };
    let (answers, decoding) = (Arc::clone(answers), Decoding { beams, ..Decoding::default() });
    tokio::spawn(async move {
        let answer = answers.answer(prompt, decoding, None, Cancel::new()).await;
        answer.map(|answer| answer.text).map_err(|error| error.message)
    })
}

/// Waits until so many questions wait behind the one under way.
async fn wait_for(answers: &Batcher, waiting: usize) {
    until(|| answers.shared.queue.len() >= waiting).await;
}

#[tokio::test]
async fn questions_that_wait_are_answered_together_and_nothing_is_swapped() {
    let echo = Arc::new(Echo::default());
    let answers = batcher(&echo);
    let mut asked = vec![(String::from("first"), ask(&answers, "first", 1))];
    echo.gate.is_busy().await;
    for (index, beams) in [1, 1, 1, 3, 1].into_iter().enumerate() {
        let text = format!("question {index}");
        asked.push((text.clone(), ask(&answers, &text, beams)));
        wait_for(&answers, index + 1).await;
    }
    echo.gate.open();
    for (text, answer) in asked {
        assert_eq!(answer.await.unwrap().unwrap(), text);
    }
    assert_eq!(echo.gate.batches(), [1, 3, 1, 1], "another decoding is another batch");
}

#[tokio::test]
async fn one_bad_question_spoils_no_other() {
    for bad in ["bad", "panic"] {
        let echo = Arc::new(Echo::default());
        let answers = batcher(&echo);
        let first = ask(&answers, "first", 1);
        echo.gate.is_busy().await;
        let (good, wrong) = (ask(&answers, "good", 1), ask(&answers, bad, 1));
        wait_for(&answers, 2).await;
        echo.gate.open();
        assert_eq!(first.await.unwrap().unwrap(), "first");
        assert_eq!(good.await.unwrap().unwrap(), "good");
        assert!(wrong.await.unwrap().unwrap_err().starts_with("the language model: "));
        assert_eq!(ask(&answers, "after", 1).await.unwrap().unwrap(), "after");
    }
}

/// Never says anything, and ends when nobody waits; counts the questions that it has begun.
#[derive(Default)]
struct Silent {
    remote: bool,
    begun: AtomicUsize,
}

impl Llm for Silent {
    fn info(&self) -> LlmInfo {
        LlmInfo { remote: self.remote, ..LlmInfo::default() }
    }

    fn count_tokens(&self, text: &str) -> usize {
        text.len()
    }

    fn answer(
        &self,
        prompts: &[Prompt],
        _: &Decoding,
        _: &mut dyn FnMut(usize, &str),
        cancel: &Cancel,
    ) -> Result<Vec<Answer>> {
        self.begun.fetch_add(prompts.len(), Ordering::SeqCst);
        while prompts.iter().any(|prompt| prompt.text == "hang") && !cancel.is_raised() {
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(vec![Answer::default(); prompts.len()])
    }

    fn score(&self, _: &Prompt, _: &[&str]) -> Result<Option<Vec<f64>>> {
        Ok(None)
    }
}

fn before(silent: &Arc<Silent>) -> Arc<Batcher> {
    let lens = Lens::builder().shared_llm(silent.clone()).build().unwrap();
    Arc::new(Batcher::start(Arc::new(lens), Arc::new(Metrics::default())).unwrap())
}

/// A question and the flag of the one who asks.
fn hang(answers: &Arc<Batcher>) -> Cancel {
    let (answers, cancel) = (Arc::clone(answers), Cancel::new());
    let prompt = Prompt { text: "hang".into(), ..Prompt::default() };
    let prompt = PackedPrompt { prompt, template: String::new(), tokens: 0, dropped: Vec::new() };
    let theirs = cancel.clone();
    tokio::spawn(async move { answers.answer(prompt, Decoding::greedy(), None, theirs).await });
    cancel
}

async fn wait_for_begun(silent: &Silent, count: usize) {
    until(|| silent.begun.load(Ordering::SeqCst) >= count).await;
}

#[tokio::test]
async fn a_batch_that_nobody_waits_for_ends_although_it_says_nothing() {
    let silent = Arc::new(Silent::default());
    let answers = before(&silent);
    let first = hang(&answers);
    wait_for_begun(&silent, 1).await;
    let (second, third) = (hang(&answers), hang(&answers));
    wait_for(&answers, 2).await;
    first.raise();
    wait_for_begun(&silent, 3).await;
    second.raise();
    let later = ask(&answers, "later", 1);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(!later.is_finished(), "one still waits for the batch");
    third.raise();
    assert!(later.await.unwrap().is_ok());
}

#[tokio::test]
async fn a_model_elsewhere_is_asked_side_by_side() {
    let silent = Arc::new(Silent { remote: true, ..Silent::default() });
    let answers = before(&silent);
    let hanging: Vec<Cancel> = (0..3).map(|_| hang(&answers)).collect();
    wait_for_begun(&silent, 3).await;
    assert!(ask(&answers, "other", 1).await.unwrap().is_ok());
    assert!(answers.work(|lens| lens.reader().map(|llm| llm.info().remote)).await.unwrap());
    hanging.iter().for_each(Cancel::raise);
}
