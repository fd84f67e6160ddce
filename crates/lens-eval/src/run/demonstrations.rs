//! The training samples that stand before questions: chosen for each sample, and looked at.

use super::{
    Options, TaskPlan,
    vision::{Needs, Vision},
};
use crate::{
    Choice, Condition, System, Task,
    data::{Dataset, Row, Truth},
    hash::uniform,
    shots,
};
use lens::{Cancel, Error, ErrorKind, Lens, Result, Store, image::Limits};
use std::collections::{BTreeSet, HashMap};

/// Training samples, and which of them each sample gets.
pub(super) struct Demonstrations<'a> {
    lens: &'a Lens,
    store: &'a Store,
    limits: Limits,
    seed: u64,
    dataset: Dataset,
    /// Indices of the rows in `dataset` that may be chosen.
    pool: Vec<usize>,
    most: usize,
    choices: BTreeSet<Choice>,
    reads_evidence: bool,
    /// Hashes of the pictures that are shown, by their row.
    hashes: HashMap<usize, String>,
    /// By choice and the sample's index: places in `pool`, for the most shots.
    chosen: HashMap<(Choice, usize), Vec<usize>>,
}

impl<'a> Demonstrations<'a> {
    /// `None` when no condition shows any.
    pub(super) fn open(
        task: &Task,
        options: &Options,
        planned: &TaskPlan,
        lens: &'a Lens,
        store: &'a Store,
    ) -> Result<Option<Self>> {
        let shown: Vec<&Condition> = planned.conditions.iter().filter(|one| one.shots > 0).collect();
        let Some(most) = shown.iter().map(|one| one.shots).max() else { return Ok(None) };
        let split = task.data.train.as_deref().ok_or_else(|| {
            Error::new(ErrorKind::Config, format!("task {}, `data.train`", task.name))
                .expected("the split that demonstrations come from")
                .found("none")
                .hint("give --shots 0, or name the split in a task file of your own")
        })?;
        let dataset = Dataset::open(task, &options.data, split)?;
        let mut drawn: Vec<(f64, usize)> = dataset
            .rows
            .iter()
            .filter(|row| row.sample.is_ok())
            .map(|row| (uniform(options.seed, ["pool", row.id.as_str()]), row.index))
            .collect();
        drawn.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut pool: Vec<usize> = drawn.into_iter().take(options.pool).map(|(_, index)| index).collect();
        pool.sort_unstable();
        Ok(Some(Self {
            lens,
            store,
            limits: options.limits,
            seed: options.seed,
            dataset,
            pool,
            most,
            choices: shown.iter().map(|one| one.choice).collect(),
            reads_evidence: shown.iter().any(|one| one.system != System::LlmOnly),
            hashes: HashMap::new(),
            chosen: HashMap::new(),
        }))
    }

    /// Chooses for all rows and looks at what was chosen. False: cancelled.
    pub(super) fn look(
        &mut self,
        rows: &[&Row],
        vision: &Vision<'_>,
        tell: &mut dyn FnMut(usize, usize),
        cancel: &Cancel,
    ) -> Result<bool> {
        let mut own = Vision::new(self.lens, &self.dataset, self.limits, self.store);
        let candidates: Vec<&Row> =
            self.pool.iter().filter_map(|index| self.dataset.rows.get(*index)).collect();
        let needs = Needs { evidence: false, embedding: self.choices.contains(&Choice::Rices) };
        if !own.look(&candidates, needs, tell, cancel)? {
            return Ok(false);
        }
        let mut chosen = HashMap::new();
        for &choice in &self.choices {
            for row in rows {
                chosen.insert((choice, row.index), self.choose(choice, row, vision, &candidates, &own));
            }
        }
        let shown: BTreeSet<usize> = chosen.values().flatten().copied().collect();
        let shown: Vec<&Row> = shown.into_iter().filter_map(|place| candidates.get(place).copied()).collect();
        let needs = Needs { evidence: self.reads_evidence, embedding: false };
        let done = own.look(&shown, needs, tell, cancel)?;
        let hash = |row: &&Row| Some((row.index, own.sha256(row).ok()?.to_owned()));
        self.hashes = shown.iter().filter_map(hash).collect();
        self.chosen = chosen;
        Ok(done)
    }

    fn choose(
        &self,
        choice: Choice,
        row: &Row,
        vision: &Vision<'_>,
        candidates: &[&Row],
        own: &Vision<'_>,
    ) -> Vec<usize> {
        let Ok(query) = vision.sha256(row) else { return Vec::new() };
        let hash = |place: usize| candidates.get(place).and_then(|row| own.sha256(row).ok());
        if choice == Choice::Random {
            let ids: Vec<&str> = candidates.iter().map(|row| row.id.as_str()).collect();
            let usable = |place| hash(place).is_some_and(|sha256| sha256 != query);
            return shots::random(self.seed, &ids, self.most, usable);
        }
        let Some(embedding) = vision.embeddings.of(query) else { return Vec::new() };
        let pool: Vec<_> = (0..candidates.len()).map(|place| own.embeddings.of(hash(place)?)).collect();
        shots::nearest(&embedding, &pool, self.most, |place| hash(place) == Some(query))
    }

    /// The training samples that a sample gets under a condition, the last beside the question.
    pub(super) fn of(&self, condition: &Condition, row: &Row) -> Vec<&Row> {
        let places = self.chosen.get(&(condition.choice, row.index)).map(Vec::as_slice).unwrap_or_default();
        let start = match condition.choice {
            // The nearest stand at the end.
            Choice::Rices => places.len().saturating_sub(condition.shots),
            Choice::Random => 0,
        };
        let places = places.iter().skip(start).take(condition.shots);
        places.filter_map(|place| self.dataset.rows.get(*self.pool.get(*place)?)).collect()
    }

    /// The evidence of a training sample, `None` when there is none.
    pub(super) fn evidence(&self, row: &Row) -> Result<Option<lens::Evidence>> {
        let kept = self.hashes.get(&row.index).and_then(|sha256| self.lens.recall(sha256, None));
        if kept.is_some() {
            return Ok(kept);
        }
        let mut own = Vision::new(self.lens, &self.dataset, self.limits, self.store);
        own.look(&[row], Needs { evidence: true, embedding: false }, &mut |_, _| (), &Cancel::new())?;
        Ok(own.evidence(row)?.ok())
    }

    /// The answer that is shown for a training sample.
    pub(super) fn answer(&self, task: &Task, row: &Row) -> Option<String> {
        let sample = row.sample.as_ref().ok()?;
        match &sample.truth {
            Truth::Class(class) => {
                let name = sample.classes(&self.dataset.classes).get(*class)?;
                Some(task.score.answer.replace("{}", name))
            }
            Truth::Texts(texts) => most_frequent(texts),
        }
    }
}

/// Of equals, the first.
fn most_frequent(texts: &[String]) -> Option<String> {
    let count = |text: &&String| texts.iter().filter(|other| other == text).count();
    texts.iter().rev().max_by_key(count).cloned()
}

#[cfg(test)]
mod tests {
    use super::most_frequent;

    #[test]
    fn the_first_of_the_most_frequent() {
        let texts = ["b", "a", "c", "a", "b"].map(String::from);
        assert_eq!(most_frequent(&texts).as_deref(), Some("b"));
        assert_eq!(most_frequent(&[]), None);
    }
}
