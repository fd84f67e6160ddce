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
use lens::{Answer, Cancel, Lens, Picture, Prompt, Result, cosines, image::Limits};

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

    /// What the model that gets the pixels says.
    pub(super) fn ask_vlm(&self, row: &Row, sample: &Sample) -> Result<Said> {
        let Some(vlm) = self.vlm else {
            return Ok(Err(Flaw::new(FlawKind::NotAnswered, "no vision model")));
        };
        let bytes = match self.vision.bytes(row) {
            Ok(bytes) => bytes,
            Err(flaw) => return Ok(Err(flaw)),
        };
        let format = match Picture::decode_named(&row.id, &bytes, &Limits::default()) {
            Ok(picture) => picture.format(),
            Err(error) => return Ok(Err(Flaw::new(FlawKind::UnreadableImage, error.to_string()))),
        };
        let mut question = self.question(sample);
        if let (Truth::Class(_), true) = (&sample.truth, sample.options.is_empty()) {
            question = format!("{question} Answer with one of: {}.", self.classes.join(", "));
        }
        let media_type = format!("image/{}", format.to_string().to_lowercase());
        let text = vlm.ask(&media_type, &bytes, &question)?;
        Ok(Ok(Given { text: Some(text), arguments: vec![question], ..Given::default() }))
    }

    /// What the language model says to a batch of prompts.
    pub(super) fn ask_llm(&self, batch: Vec<Prompted<'_>>, cancel: &Cancel) -> Result<Vec<Said>> {
        let lens = self.vision.lens;
        let llm = lens.reader()?;
        let speaks = |sample: &Sample| self.speaks(llm.info().gives_likelihoods, sample);
        let wanted: Vec<Prompt> =
            batch.iter().filter(|one| speaks(one.sample)).map(|one| one.prompt.clone()).collect();
        let mut texts = answers(lens, &wanted, cancel)?.into_iter();
        let mut said = Vec::with_capacity(batch.len());
        for one in batch {
            let text = if speaks(one.sample) { texts.next().transpose() } else { Ok(None) };
            let given = match text {
                Ok(text) => self.with_likelihoods(one, text)?,
                Err(flaw) => Err(flaw),
            };
            said.push(given);
        }
        Ok(said)
    }

    fn with_likelihoods(&self, one: Prompted<'_>, text: Option<String>) -> Result<Said> {
        let mut given = one.given;
        given.text = text;
        if matches!(one.sample.truth, Truth::Class(_)) {
            let classes = one.sample.classes(self.classes);
            let answer = |class: &String| self.task.score.answer.replace("{}", class);
            let answers: Vec<String> = classes.iter().map(answer).collect();
            match likelihoods(self.vision.lens.reader()?, &one.prompt, &answers) {
                Ok(found) => given.likelihoods = found,
                Err(error) if concerns_all(&error) => return Err(error),
                Err(error) => return Ok(Err(Flaw::new(FlawKind::NotAnswered, error.to_string()))),
            }
        }
        Ok(Ok(given))
    }
}

/// One answer for each prompt; a prompt that cannot be answered is a flaw of its own.
fn answers(
    lens: &Lens,
    prompts: &[Prompt],
    cancel: &Cancel,
) -> Result<Vec<std::result::Result<String, Flaw>>> {
    let llm = lens.reader()?;
    let ask = |prompts: &[Prompt]| llm.answer(prompts, lens.decoding(), &mut |_, _| (), cancel);
    let flaw = |error: lens::Error| Flaw::new(FlawKind::NotAnswered, error.to_string());
    let text = |answer: Option<Answer>| {
        answer.map(|answer| answer.text).ok_or_else(|| Flaw::new(FlawKind::NotAnswered, "no answer"))
    };
    match ask(prompts) {
        Ok(all) if all.len() == prompts.len() => {
            return Ok(all.into_iter().map(|one| text(Some(one))).collect());
        }
        Err(error) if concerns_all(&error) => return Err(error),
        // Something is wrong with one of the batch: each on its own, so that the error finds its prompt.
        Ok(_) | Err(_) => {}
    }
    let one = |prompt: &Prompt| match ask(std::slice::from_ref(prompt)) {
        Ok(all) => Ok(text(all.into_iter().next())),
        Err(error) if concerns_all(&error) => Err(error),
        Err(error) => Ok(Err(flaw(error))),
    };
    prompts.iter().map(one).collect()
}
