//! What one answer is worth under each metric of its task.

use super::{Likelihoods, matched};
use crate::{
    data::{Sample, Truth},
    metrics::{normalise, vqa_accuracy},
    task::{Decides, Kind, Task},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What decided on the class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// The log-likelihood of the class as the answer.
    Likelihood,
    /// The log-likelihood for each token.
    Normalised,
    /// The class that the free answer names.
    Generation,
    /// CLIP's cosine of picture and class.
    Similarity,
}

/// The best classes and the true one under one way of scoring.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ranking {
    /// The best five with their scores, best first.
    pub best: Vec<(String, f64)>,
    /// Score of the true class.
    pub truth: f64,
}

/// All that was computed to decide.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// By log-likelihood, or by CLIP's logits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub likelihood: Option<Ranking>,
    /// By log-likelihood for each token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normalised: Option<Ranking>,
    /// The class that the free answer names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<String>,
    /// Softmax probability of the first class by likelihood, 0..=1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
}

/// A judged answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Judged {
    /// What counts as the answer.
    pub answer: String,
    /// What decided, where the answer is a class.
    pub basis: Option<Basis>,
    /// What it was decided from.
    pub scores: Option<Scores>,
    /// Values by metric; all in 0..=1.
    pub metrics: BTreeMap<String, f64>,
}

/// Judges what a system said (`text`, where it spoke) and how likely it holds each class.
#[must_use]
pub fn judge(
    task: &Task,
    sample: &Sample,
    classes: &[String],
    text: Option<&str>,
    likelihoods: Option<&Likelihoods>,
) -> Judged {
    match &sample.truth {
        Truth::Class(truth) => {
            let choice = Choice { classes: sample.classes(classes), truth: *truth, text, likelihoods };
            choice.judge(task)
        }
        Truth::Texts(people) => {
            let text = text.unwrap_or_default();
            let mut metrics = BTreeMap::new();
            if task.kind == Kind::Vqa {
                metrics.insert("vqa_accuracy".to_owned(), vqa_accuracy(text, people));
                let same = people.iter().any(|other| normalise(other) == normalise(text));
                metrics.insert("any_match".to_owned(), f64::from(same));
            }
            Judged { answer: text.to_owned(), metrics, ..Judged::default() }
        }
    }
}

/// An answer that is one of several classes.
struct Choice<'a> {
    classes: &'a [String],
    truth: usize,
    text: Option<&'a str>,
    likelihoods: Option<&'a Likelihoods>,
}

impl Choice<'_> {
    fn judge(&self, task: &Task) -> Judged {
        let plain = self.likelihoods.map(|all| all.plain.as_slice());
        let normalised = self.likelihoods.and_then(|all| all.normalised.as_deref());
        let named = self.text.and_then(|text| matched(text, self.classes));
        let mut metrics = BTreeMap::new();
        let mut note = |name: &str, right: bool| _ = metrics.insert(name.to_owned(), f64::from(right));
        let first = |scores: &[f64]| self.order(scores).first().copied();
        if let Some(plain) = plain {
            note("accuracy_likelihood", first(plain) == Some(self.truth));
            note("top5", self.order(plain).iter().take(5).any(|class| *class == self.truth));
        }
        if let Some(normalised) = normalised {
            note("accuracy_normalised", first(normalised) == Some(self.truth));
        }
        if self.text.is_some() {
            note("accuracy_generation", named == Some(self.truth));
        }
        let (basis, class) = match (task.score.decides, plain, normalised) {
            (Decides::Likelihood, Some(plain), _) | (Decides::Normalised, Some(plain), None) => {
                (Basis::Likelihood, first(plain))
            }
            (Decides::Normalised, _, Some(normalised)) => (Basis::Normalised, first(normalised)),
            (_, Some(plain), _) if self.text.is_none() => (Basis::Likelihood, first(plain)),
            _ => (Basis::Generation, named),
        };
        note("accuracy", class == Some(self.truth));
        if task.kind == Kind::Binary {
            metrics.insert("score".to_owned(), self.positive(named));
        }
        let answer = class.and_then(|class| self.classes.get(class)).cloned();
        Judged {
            answer: answer.or(self.text.map(str::to_owned)).unwrap_or_default(),
            basis: Some(basis),
            scores: Some(self.scores(plain, normalised, named)),
            metrics,
        }
    }

    /// P(second class) of the two; 0, 1/2 or 1 where only a free answer is there.
    fn positive(&self, named: Option<usize>) -> f64 {
        match (self.likelihoods, named) {
            (Some(likelihoods), _) => likelihoods.probabilities().get(1).copied().unwrap_or_default(),
            (None, Some(class)) => class as f64,
            (None, None) => 0.5,
        }
    }

    fn scores(&self, plain: Option<&[f64]>, normalised: Option<&[f64]>, named: Option<usize>) -> Scores {
        let confidence = |all: &Likelihoods| all.probabilities().into_iter().fold(0.0, f64::max);
        Scores {
            likelihood: plain.map(|scores| self.ranking(scores)),
            normalised: normalised.map(|scores| self.ranking(scores)),
            generation: named.and_then(|class| self.classes.get(class)).cloned(),
            confidence: self.likelihoods.map(confidence),
        }
    }

    fn ranking(&self, scores: &[f64]) -> Ranking {
        let entry = |class: usize| Some((self.classes.get(class)?.clone(), *scores.get(class)?));
        let best = self.order(scores).into_iter().take(5).filter_map(entry).collect();
        Ranking { best, truth: scores.get(self.truth).copied().unwrap_or_default() }
    }

    /// Classes by score; of equals, the first.
    fn order(&self, scores: &[f64]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..scores.len().min(self.classes.len())).collect();
        order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
        order
    }
}

#[cfg(test)]
mod tests {
    use super::{Basis, judge};
    use crate::{
        Task,
        data::{ImageRef, Sample, Truth},
        score::Likelihoods,
        task::Decides,
    };
    use std::path::PathBuf;

    fn sample(truth: Truth) -> Sample {
        Sample {
            image: ImageRef::File(PathBuf::new()),
            question: None,
            options: vec![],
            truth,
            text: None,
            remarks: vec![],
        }
    }

    fn classes() -> Vec<String> {
        ["cat", "dog", "sea horse"].map(String::from).into()
    }

    /// The plain likelihood prefers the short word, the normalised one the long.
    fn likelihoods() -> Likelihoods {
        Likelihoods { plain: vec![-2.0, -3.0, -2.5], normalised: Some(vec![-2.0, -3.0, -1.0]) }
    }

    #[test]
    fn the_task_says_what_decides() {
        struct Case {
            decides: Decides,
            answer: &'static str,
            basis: Basis,
        }
        let cases = [
            Case { decides: Decides::Likelihood, answer: "cat", basis: Basis::Likelihood },
            Case { decides: Decides::Normalised, answer: "sea horse", basis: Basis::Normalised },
            Case { decides: Decides::Generation, answer: "dog", basis: Basis::Generation },
        ];
        for Case { decides, answer, basis } in cases {
            let mut task = Task::named("pets").unwrap();
            task.score.decides = decides;
            let judged =
                judge(&task, &sample(Truth::Class(1)), &classes(), Some("a dog"), Some(&likelihoods()));
            assert_eq!((judged.answer.as_str(), judged.basis), (answer, Some(basis)));
            assert_eq!(judged.metrics["accuracy"] > 0.5, answer == "dog");
            assert_eq!((judged.metrics["accuracy_generation"], judged.metrics["top5"]), (1.0, 1.0));
        }
    }

    #[test]
    fn without_likelihoods_the_free_answer_decides() {
        let judged = judge(
            &Task::named("pets").unwrap(),
            &sample(Truth::Class(2)),
            &classes(),
            Some("a sea-horse"),
            None,
        );
        assert_eq!((judged.basis, judged.metrics["accuracy"]), (Some(Basis::Generation), 1.0));
        assert!(!judged.metrics.contains_key("accuracy_likelihood"));
    }

    #[test]
    fn memes_are_scored_by_the_probability_of_hateful() {
        let task = Task::named("hateful-memes").unwrap();
        let two = task.data.classes.clone();
        let likelihoods = Likelihoods { plain: vec![-1.0, -2.0], normalised: None };
        let score = |text, likelihoods| {
            judge(&task, &sample(Truth::Class(1)), &two, text, likelihoods).metrics["score"]
        };
        assert!((score(None, Some(&likelihoods)) - 1.0 / (1.0 + 1f64.exp())).abs() < 1e-12);
        assert_eq!((score(Some("hateful"), None), score(Some("not hateful"), None)), (1.0, 0.0));
        assert!((score(Some("maybe"), None) - 0.5).abs() < 1e-12);
    }
}
