//! What each system says about a sample.

use super::{
    asking::{Asker, Given, Prompted},
    vision::concerns_all,
};
use crate::{
    Flaw, FlawKind,
    data::{Row, Sample, Truth},
    score::{Likelihoods, likelihoods},
};
use lens::{Answer, Cancel, Lens, Llm, Prompt, Result, cosines};

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
        let llm = lens.reader()?;
        let gives_likelihoods = llm.info().gives_likelihoods;
        let speaking = |one: &&Prompted<'_>| self.speaks(gives_likelihoods, one.sample);
        let prompts: Vec<Prompt> = batch.iter().filter(speaking).map(|one| one.prompt.clone()).collect();
        let answer = |some: &[Prompt]| llm.answer(some, lens.decoding(), &mut |_, _| (), cancel);
        let mut texts = each_or_flaw(&prompts, answer)?.into_iter();
        let mut likely = self.likelihoods(llm, &batch)?.into_iter();
        let mut said = Vec::with_capacity(batch.len());
        for one in batch {
            let text =
                if self.speaks(gives_likelihoods, one.sample) { texts.next().transpose() } else { Ok(None) };
            let likelihoods = if chooses(one.sample) { likely.next().transpose() } else { Ok(None) };
            said.push(text.and_then(|text| {
                let text = text.map(|answer: Answer| answer.text);
                Ok(Given { text, likelihoods: likelihoods?.flatten(), ..one.given })
            }));
        }
        Ok(said)
    }

    /// Of every sample that chooses, in their order; `None` where the model gives no likelihoods.
    fn likelihoods(
        &self,
        llm: &dyn Llm,
        batch: &[Prompted<'_>],
    ) -> Result<Vec<std::result::Result<Option<Likelihoods>, Flaw>>> {
        let choosing: Vec<&Prompted<'_>> = batch.iter().filter(|one| chooses(one.sample)).collect();
        let answers = |one: &&Prompted<'_>| {
            let classes = one.sample.classes(self.classes).iter();
            classes.map(|class| self.task.score.answer.replace("{}", class)).collect()
        };
        let answers: Vec<Vec<String>> = choosing.iter().map(answers).collect();
        let asked = choosing
            .iter()
            .zip(&answers)
            .map(|(one, answers)| (&one.prompt, answers.iter().map(String::as_str).collect()));
        let asked: Vec<(&Prompt, Vec<&str>)> = asked.collect();
        each_or_flaw(&asked, |some| {
            let found = likelihoods(llm, some)?;
            Ok(found.map_or_else(|| vec![None; some.len()], |all| all.into_iter().map(Some).collect()))
        })
    }
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
