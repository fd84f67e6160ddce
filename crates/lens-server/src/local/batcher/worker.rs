//! The thread that answers.

use super::{BATCH, Job, Question, SUBJECT, Shared};
use crate::{
    error::AppError,
    metrics::{ABANDONED, ANSWERS},
};
use lens::{Answer, Cancel, Error, ErrorKind, Lens, Prompt, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Works until the queue is closed and empty.
pub(super) fn run(shared: &Shared) {
    while let Some(job) = shared.queue.next() {
        do_one(shared, job);
    }
}

/// Does a job, and with a question those right behind it that may be answered together with it.
pub(super) fn do_one(shared: &Shared, job: Job) {
    match job {
        Job::Work(work) => _ = catch_unwind(AssertUnwindSafe(|| work(&shared.lens))),
        Job::Question(question) if question.cancel.is_raised() => shared.metrics.add(ABANDONED, "", 1.0),
        Job::Question(first) => {
            let questions = alike(shared, first);
            shared.metrics.observe(ANSWERS, "", questions.len() as f64);
            answer(&shared.lens, questions);
        }
    }
}

/// The question and those right behind it with the same decoding.
fn alike(shared: &Shared, first: Question) -> Vec<Question> {
    let mut questions = vec![first];
    while questions.len() < BATCH {
        let fits = |job: &mut Job| matches!((job, questions.first()), (Job::Question(one), Some(first)) if one.decoding == first.decoding);
        let Some(Job::Question(question)) = shared.queue.next_if(fits) else { break };
        if question.cancel.is_raised() {
            shared.metrics.add(ABANDONED, "", 1.0);
        } else {
            questions.push(question);
        }
    }
    questions
}

/// Answers a batch. When it fails before a word was said, each question gets a try of its own, so that one cannot
/// spoil the others.
fn answer(lens: &Lens, questions: Vec<Question>) {
    let mut said = false;
    match together(lens, &questions, &mut said) {
        Ok(answers) => {
            for (question, answer) in questions.into_iter().zip(answers) {
                // Nobody may wait any more.
                _ = question.reply.send(Ok(answer));
            }
        }
        Err(_) if !said && questions.len() > 1 => {
            for question in questions {
                answer(lens, vec![question]);
            }
        }
        Err(error) => {
            let error = AppError::about(SUBJECT, &error);
            for question in questions {
                _ = question.reply.send(Err(error.clone()));
            }
        }
    }
}

fn together(lens: &Lens, questions: &[Question], said: &mut bool) -> Result<Vec<Answer>> {
    let Some(first) = questions.first() else { return Ok(Vec::new()) };
    let prompts: Vec<Prompt> = questions.iter().map(|question| question.prompt.clone()).collect();
    // A batch goes on as long as anyone waits, and no longer, whether the model says something or not.
    let cancel = Cancel::when_all(questions.iter().map(|question| question.cancel.clone()));
    let mut hear = |index: usize, piece: &str| {
        if let Some(Question { pieces: Some(pieces), cancel, .. }) = questions.get(index) {
            *said = true;
            if pieces.send(piece.to_owned()).is_err() {
                cancel.raise();
            }
        }
    };
    let answer = || lens.reader()?.answer(&prompts, &first.decoding, &mut hear, &cancel);
    let answers = catch_unwind(AssertUnwindSafe(answer))
        .unwrap_or_else(|_| Err(Error::new(ErrorKind::Internal, "language model").found("a panic")))?;
    if answers.len() == questions.len() {
        return Ok(answers);
    }
    Err(Error::new(ErrorKind::Internal, "answers of the language model")
        .expected(questions.len().to_string())
        .found(answers.len().to_string()))
}
