//! What each system says about a sample.

use super::{
    asking::{Asker, Given, Prompted},
    elsewhere::hear_elsewhere,
    vision::concerns_all,
};
use crate::{
    Flaw, FlawKind,
    data::{Row, Sample, Truth},
    score::{Likelihoods, with_lengths},
};
use lens::{Cancel, Lens, Prompt, Result, cosines, llm::Reading};

/// What a system says, or why it says nothing.
pub(super) type Said = std::result::Result<Given, Flaw>;

/// CLIP's own classification: logits of all classes.
pub(super) struct ClipClasses {
    /// (classes, dimension), unit length.
    texts: Vec<f32>,
    logit_scale: f32,
}

impl ClipClasses {
    /// Embeds the classes in every template and averages.
    pub(super) fn embed(lens: &Lens, classes: &[String], templates: &[String]) -> Result<Self> {
        let embedder = lens.embedder()?;
        let space = embedder.space()?;
        let mut sums = vec![0.0f32; classes.len() * space.dimension];
        for template in templates {
            let texts: Vec<String> = classes.iter().map(|class| template.replace("{}", class)).collect();
            for (sum, number) in sums.iter_mut().zip(embedder.embed_texts(&texts)?) {
                *sum += number;
            }
        }
        if templates.len() > 1 {
            for row in sums.chunks_exact_mut(space.dimension.max(1)) {
                let length = row.iter().map(|x| x * x).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
                for x in row {
                    *x /= length;
                }
            }
        }
        Ok(Self { texts: sums, logit_scale: space.logit_scale })
    }

    fn logits(&self, embedding: &[f32]) -> Likelihoods {
        let cosines = cosines(embedding, &self.texts);
        let plain = cosines.iter().map(|cosine| f64::from(*cosine) * f64::from(self.logit_scale)).collect();
        Likelihoods { plain, normalised: None }
    }
}

impl Asker<'_> {
    /// The class that CLIP finds nearest.
    pub(super) fn compare(&self, row: &Row, sample: &Sample) -> Result<Said> {
        let sha256 = match self.vision.sha256(row) {
            Ok(sha256) => sha256,
            Err(flaw) => return Ok(Err(flaw)),
        };
        let Some(embedding) = self.vision.embeddings.of(sha256) else {
            return Ok(Err(Flaw::new(FlawKind::NotAnswered, "the picture has no embedding")));
        };
        let own;
        let classes = match &self.clip {
            Some(classes) if sample.options.is_empty() => classes,
            _ => {
                own = ClipClasses::embed(
                    self.vision.lens,
                    &sample.options,
                    &self.task.evidence.clip_templates,
                )?;
                &own
            }
        };
        Ok(Ok(Given { likelihoods: Some(classes.logits(&embedding)), ..Given::default() }))
    }

    /// The beam caption.
    pub(super) fn caption(&self, row: &Row) -> Result<Said> {
        let (evidence, id) = match self.evidence_of(row)? {
            Ok(found) => found,
            Err(flaw) => return Ok(Err(flaw)),
        };
        let text = evidence.captions.first().map(|caption| caption.text.clone()).unwrap_or_default();
        Ok(Ok(Given { text: Some(text), evidence_id: Some(id), ..Given::default() }))
    }

    /// What the language model says to a batch of prompts, and how likely it holds each class.
    pub(super) fn ask_llm(&self, batch: Vec<Prompted<'_>>, cancel: &Cancel) -> Result<Vec<Said>> {
        let lens = self.vision.lens;
        let info = lens.reader()?.info();
        let wanted: Vec<Wanted<'_>> =
            batch.iter().map(|one| self.wanted(one, info.gives_likelihoods)).collect();
        let heard = if info.remote {
            hear_elsewhere(lens, &wanted, cancel)?
        } else {
            hear_here(lens, &wanted, cancel)?
        };
        let said = batch.into_iter().zip(heard).map(|(one, heard)| {
            let (text, likelihoods) = heard?;
            Ok(Given { text, likelihoods, ..one.given })
        });
        Ok(said.collect())
    }

    fn wanted<'p>(&self, one: &'p Prompted<'_>, gives_likelihoods: bool) -> Wanted<'p> {
        let mut classes = Vec::new();
        if chooses(one.sample) && gives_likelihoods {
            let answer = |class: &String| self.task.score.answer.replace("{}", class);
            classes = one.sample.classes(self.classes).iter().map(answer).collect();
        }
        Wanted { prompt: &one.prompt, speaks: self.speaks(gives_likelihoods, one.sample), classes }
    }
}

/// What is wanted of one prompt: an answer, how likely some classes are, or both.
pub(super) struct Wanted<'p> {
    prompt: &'p Prompt,
    speaks: bool,
    /// As answers; none where none are to be scored.
    classes: Vec<String>,
}

impl Wanted<'_> {
    fn is_like(&self, other: &Self) -> bool {
        (self.speaks, self.classes.is_empty()) == (other.speaks, other.classes.is_empty())
    }
}

/// The answer and the likelihoods, as far as they were wanted.
pub(super) type Heard = (Option<String>, Option<Likelihoods>);

/// Asks the language model for what is wanted, the same of all. Nothing when it gives another number of answers.
pub(super) fn hear(lens: &Lens, some: &[Wanted<'_>], cancel: &Cancel) -> Result<Vec<Heard>> {
    let (llm, decoding) = (lens.reader()?, lens.decoding());
    let asked: Vec<(&Prompt, Vec<&str>)> =
        some.iter().map(|one| (one.prompt, one.classes.iter().map(String::as_str).collect())).collect();
    let mut read = Reading::default();
    match some.first().map(|one| (one.speaks, one.classes.is_empty())) {
        Some((true, true)) => {
            let prompts: Vec<Prompt> = some.iter().map(|one| one.prompt.clone()).collect();
            read.answers = llm.answer(&prompts, decoding, &mut |_, _| (), cancel)?;
        }
        Some((true, false)) => read = llm.answer_and_score(&asked, decoding, cancel)?,
        Some((false, _)) => read.scores = llm.score_each(&asked)?,
        None => {}
    }
    if some.iter().any(|one| one.speaks) && read.answers.len() != some.len() {
        return Ok(Vec::new());
    }
    let mut texts = read.answers.into_iter().map(|answer| answer.text);
    let mut likely =
        read.scores.map(|scores| with_lengths(llm, &asked, scores)).unwrap_or_default().into_iter();
    Ok(some.iter().map(|_| (texts.next(), likely.next())).collect())
}

/// What a language model on this machine says: what is wanted of neighbours alike, together.
fn hear_here(
    lens: &Lens,
    wanted: &[Wanted<'_>],
    cancel: &Cancel,
) -> Result<Vec<std::result::Result<Heard, Flaw>>> {
    let mut heard = Vec::with_capacity(wanted.len());
    for alike in wanted.chunk_by(Wanted::is_like) {
        heard.extend(each_or_flaw(alike, |some| hear(lens, some, cancel))?);
    }
    Ok(heard)
}

/// Whether the answer is one of several classes.
pub(super) fn chooses(sample: &Sample) -> bool {
    matches!(sample.truth, Truth::Class(_))
}

/// Asks for all together; when something is wrong with one of them, for each on its own, so that the error finds its sample.
fn each_or_flaw<T, U>(
    all: &[T],
    ask: impl Fn(&[T]) -> Result<Vec<U>>,
) -> Result<Vec<std::result::Result<U, Flaw>>> {
    match ask(all) {
        Ok(found) if found.len() == all.len() => return Ok(found.into_iter().map(Ok).collect()),
        Err(error) if concerns_all(&error) => return Err(error),
        Ok(_) | Err(_) => {}
    }
    let flaw = |text: String| Flaw::new(FlawKind::NotAnswered, text);
    let one = |one: &T| match ask(std::slice::from_ref(one)) {
        Ok(found) => Ok(found.into_iter().next().ok_or_else(|| flaw("no answer".to_owned()))),
        Err(error) if concerns_all(&error) => Err(error),
        Err(error) => Ok(Err(flaw(error.to_string()))),
    };
    all.iter().map(one).collect()
}
