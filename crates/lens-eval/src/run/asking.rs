//! One condition: samples become prompts, prompts become lines.

use super::{
    Work,
    answering::{ClipClasses, Said},
    demonstrations::Demonstrations,
    lines::{Doc, Line},
    vision::Vision,
};
use crate::{
    Condition, Flaw, FlawKind, System, Task, Vlm,
    data::{Row, Sample},
    hash::digest,
    score::{Basis, Likelihoods, judge},
};
use lens::{
    Cancel, Evidence, Prompt, Result,
    evidence::OcrLine,
    prompt::{PackedPrompt, PromptMaker, Template},
};

/// A question without a picture, for templates that cannot do without one.
const QUESTION_ONLY: &str = "Question: {{ question }}\nShort Answer:";

/// Answers samples under one condition.
pub(super) struct Asker<'a> {
    pub(super) task: &'a Task,
    pub(super) condition: &'a Condition,
    pub(super) classes: &'a [String],
    pub(super) vision: &'a Vision<'a>,
    pub(super) vlm: Option<&'a Vlm>,
    pub(super) clip: Option<ClipClasses>,
    demonstrations: Option<&'a Demonstrations<'a>>,
    question_only: PromptMaker,
}

/// What a system gives for a sample.
#[derive(Debug, Clone, Default)]
pub(super) struct Given {
    pub(super) arguments: Vec<String>,
    pub(super) text: Option<String>,
    pub(super) likelihoods: Option<Likelihoods>,
    pub(super) evidence_id: Option<String>,
    pub(super) demonstrations: Vec<String>,
    pub(super) dropped: Vec<String>,
}

/// A sample with its prompt.
pub(super) struct Prompted<'s> {
    pub(super) sample: &'s Sample,
    pub(super) prompt: Prompt,
    pub(super) given: Given,
}

impl<'a> Asker<'a> {
    pub(super) fn new(
        work: &'a Work<'_>,
        condition: &'a Condition,
        vision: &'a Vision<'a>,
        demonstrations: Option<&'a Demonstrations<'a>>,
        vlm: Option<&'a Vlm>,
    ) -> Result<Self> {
        let Work { task, dataset, lens } = work;
        let clip = if condition.system == System::Clip && !dataset.classes.is_empty() {
            let own = &task.evidence.clip_templates;
            let templates = if dataset.templates.is_empty() { own } else { &dataset.templates };
            Some(ClipClasses::embed(lens, &dataset.classes, templates)?)
        } else {
            None
        };
        let mut question_only = lens.prompt_maker().clone();
        if !question_only.template.takes_many() {
            question_only.template = Template::parse("question-only", QUESTION_ONLY)?;
        }
        let classes = &dataset.classes;
        Ok(Self { task, condition, classes, vision, vlm, clip, demonstrations, question_only })
    }

    /// The address of a line.
    pub(super) fn key(&self, run_id: &str, row: &Row) -> String {
        let picture = match self.vision.sha256(row) {
            Ok(sha256) => sha256.to_owned(),
            Err(flaw) => flaw.detail,
        };
        let (condition, repeats) = (self.condition.id(), row.repeats.to_string());
        digest([run_id, &self.task.name, &condition, &row.id, &repeats, &picture])
    }

    /// One line for each row.
    pub(super) fn answer(&self, rows: &[&Row], cancel: &Cancel) -> Result<Vec<Line>> {
        let mut said: Vec<Option<Said>> = Vec::with_capacity(rows.len());
        let (mut prompted, mut places, mut shown) = (Vec::new(), Vec::new(), Vec::new());
        for (place, row) in rows.iter().enumerate() {
            let whole = row.sample.as_ref().map_err(Clone::clone);
            let sample = match whole.and_then(|sample| self.vision.sha256(row).map(|_| sample)) {
                Ok(sample) => sample,
                Err(flaw) => {
                    said.push(Some(Err(flaw)));
                    continue;
                }
            };
            said.push(match self.condition.system {
                System::Clip => Some(self.compare(row, sample)?),
                System::Captioner => Some(self.caption(row)?),
                System::Vlm => {
                    shown.push((*row, sample));
                    places.push(place);
                    None
                }
                System::Lens | System::LlmOnly | System::Swapped => match self.prompt(row, sample)? {
                    Ok(one) => {
                        prompted.push(one);
                        places.push(place);
                        None
                    }
                    Err(flaw) => Some(Err(flaw)),
                },
            });
        }
        let answers =
            if shown.is_empty() { self.ask_llm(prompted, cancel)? } else { self.ask_vlm(&shown, cancel)? };
        for (place, given) in places.into_iter().zip(answers) {
            said[place] = Some(given);
        }
        let nothing = || Err(Flaw::new(FlawKind::NotAnswered, "no answer"));
        Ok(rows.iter().zip(said).map(|(row, said)| self.line(row, said.unwrap_or_else(nothing))).collect())
    }

    /// Whether the language model also speaks freely.
    pub(super) fn speaks(&self, gives_likelihoods: bool, sample: &Sample) -> bool {
        !super::answering::chooses(sample) || self.task.score.generate || !gives_likelihoods
    }

    /// The question of a sample.
    pub(super) fn question(&self, sample: &Sample) -> String {
        let form = &self.task.prompt;
        let mut question = sample.question.clone().unwrap_or_else(|| form.question.clone());
        if sample.question.is_some() {
            question += &form.suffix;
        }
        if !sample.options.is_empty() {
            question = format!("{question} Options: {}.", sample.options.join("; "));
        }
        question
    }

    /// What is read for a row under this condition, and the id of the whole record.
    pub(super) fn evidence_of(&self, row: &Row) -> Result<std::result::Result<(Evidence, String), Flaw>> {
        let evidence = match self.vision.evidence(row)? {
            Ok(evidence) => evidence,
            Err(flaw) => return Ok(Err(flaw)),
        };
        let id = evidence.id()?;
        Ok(Ok((self.read(row, evidence), id)))
    }

    /// The modules of the condition, with the data set's own text where the task wants it.
    fn read(&self, row: &Row, evidence: Evidence) -> Evidence {
        let mut evidence = evidence;
        if let (true, Ok(sample)) = (self.task.evidence.given_text, &row.sample) {
            let line = |text: &String| OcrLine { id: "O1".into(), text: text.clone(), ..OcrLine::default() };
            evidence.ocr = sample.text.iter().map(line).collect();
        }
        self.condition.filter(&self.task.evidence.modules, evidence)
    }

    fn prompt<'s>(&self, row: &Row, sample: &'s Sample) -> Result<std::result::Result<Prompted<'s>, Flaw>> {
        let question = self.question(sample);
        let mut given = Given::default();
        let packed = if self.condition.system == System::LlmOnly {
            self.packed(None, &question)?
        } else {
            let source = if self.condition.system == System::Swapped { self.other(row) } else { Some(row) };
            let Some(source) = source else {
                return Ok(Err(Flaw::new(FlawKind::NotAnswered, "there is no other picture")));
            };
            let (evidence, id) = match self.evidence_of(source)? {
                Ok(found) => found,
                Err(flaw) => return Ok(Err(flaw)),
            };
            given.evidence_id = Some(id);
            self.packed(Some(&evidence), &question)?
        };
        given.dropped = packed.dropped;
        let mut prompt = packed.prompt;
        if let (Some(demonstrations), true) = (self.demonstrations, self.condition.shots > 0) {
            self.demonstrate(demonstrations, row, packed.tokens, &mut prompt, &mut given)?;
        }
        given.arguments = prompt.system.iter().cloned().chain([prompt.text.clone()]).collect();
        Ok(Ok(Prompted { sample, prompt, given }))
    }

    fn packed(&self, evidence: Option<&Evidence>, question: &str) -> Result<PackedPrompt> {
        let llm = self.vision.lens.reader()?;
        match evidence {
            Some(evidence) => self.vision.lens.prompt(&[evidence], &[], question),
            None => self.question_only.make(llm, &[], &[], question),
        }
    }

    /// Puts demonstrations before the question: the same block with its answer. What does not fit is left out, the
    /// farthest first.
    fn demonstrate(
        &self,
        demonstrations: &Demonstrations<'_>,
        row: &Row,
        tokens: usize,
        prompt: &mut Prompt,
        given: &mut Given,
    ) -> Result<()> {
        let llm = self.vision.lens.reader()?;
        let mut room = llm.info().context_tokens.saturating_sub(tokens);
        let shown = demonstrations.of(self.condition, row);
        for one in shown.into_iter().rev() {
            let Some(block) = self.block(demonstrations, one)? else { continue };
            let cost = llm.count_tokens(&block);
            if cost > room {
                given.dropped.push(format!("demonstration {}", one.id));
                continue;
            }
            room -= cost;
            prompt.text = block + &prompt.text;
            given.demonstrations.insert(0, one.id.clone());
        }
        Ok(())
    }

    fn block(&self, demonstrations: &Demonstrations<'_>, row: &Row) -> Result<Option<String>> {
        let Ok(sample) = &row.sample else { return Ok(None) };
        let Some(answer) = demonstrations.answer(self.task, row) else { return Ok(None) };
        let evidence = match self.condition.system {
            System::LlmOnly => None,
            _ => match demonstrations.evidence(row)? {
                Some(evidence) => Some(self.read(row, evidence)),
                None => return Ok(None),
            },
        };
        let packed = self.packed(evidence.as_ref(), &self.question(sample))?;
        Ok(Some(format!("{} {answer}\n\n", packed.prompt.text)))
    }

    /// The row half the set away, or the next whose picture is another one.
    fn other(&self, row: &Row) -> Option<&Row> {
        let rows = &self.vision.dataset.rows;
        let own = self.vision.sha256(row).ok()?;
        let places = (0..rows.len()).map(|step| (row.index + rows.len() / 2 + step) % rows.len());
        places
            .filter_map(|place| rows.get(place))
            .find(|other| self.vision.sha256(other).is_ok_and(|sha256| sha256 != own))
    }

    fn line(&self, row: &Row, said: Said) -> Line {
        let question = row.sample.as_ref().map(|sample| self.question(sample)).unwrap_or_default();
        let mut line = Line {
            doc_id: row.id.clone(),
            doc: Doc { index: row.index, question },
            image_sha256: self.vision.sha256(row).ok().map(str::to_owned),
            ..Line::default()
        };
        if let Ok(sample) = &row.sample {
            line.targets = sample.right(self.classes).into_iter().map(str::to_owned).collect();
            line.target = line.targets.first().cloned().unwrap_or_default();
            line.remarks.clone_from(&sample.remarks);
        }
        match (said, &row.sample) {
            (Ok(given), Ok(sample)) => self.fill(&mut line, sample, given),
            (_, Err(flaw)) => line.error = Some(flaw.clone()),
            (Err(flaw), Ok(_)) => line.error = Some(flaw),
        }
        line.doc_hash = digest([line.doc_id.as_str(), &line.doc.question]);
        line.prompt_hash = digest(line.arguments.iter().map(String::as_str));
        line.target_hash = digest([line.target.as_str()]);
        line
    }

    fn fill(&self, line: &mut Line, sample: &Sample, given: Given) {
        let judged =
            judge(self.task, sample, self.classes, given.text.as_deref(), given.likelihoods.as_ref());
        line.arguments = given.arguments;
        line.evidence_id = given.evidence_id;
        line.demonstrations = given.demonstrations;
        line.dropped = given.dropped;
        let compares = self.condition.system == System::Clip;
        line.basis = if compares { Some(Basis::Similarity) } else { judged.basis };
        line.scores = judged.scores;
        line.metrics = judged.metrics;
        line.resps = vec![given.text.into_iter().collect()];
        line.filtered_resps = vec![judged.answer];
    }
}
