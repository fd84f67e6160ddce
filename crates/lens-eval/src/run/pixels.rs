//! What the model that gets the pixels is shown and asked.

use super::{
    answering::{Said, chooses},
    asking::{Asker, Given},
    elsewhere::at_once,
};
use crate::{
    Flaw, FlawKind, Vlm,
    data::{Row, Sample},
};
use lens::{Cancel, Error, Result, image::Format};
use std::sync::Arc;

/// A picture as endpoints take it, and a question.
struct Request {
    media_type: String,
    picture: Arc<[u8]>,
    question: String,
}

impl Request {
    fn ask(self, vlm: &Vlm, cancel: &Cancel) -> Result<Said> {
        let said = vlm.ask(&self.media_type, &self.picture, &self.question, cancel)?;
        let arguments = vec![self.question];
        Ok(said.map(|text| Given { text: Some(text), arguments, ..Given::default() }))
    }
}

impl Asker<'_> {
    /// What the model says to a batch, all samples at once.
    pub(super) fn ask_vlm(&self, batch: &[(&Row, &Sample)], cancel: &Cancel) -> Result<Vec<Said>> {
        let Some(vlm) = self.vlm else {
            return Ok(batch
                .iter()
                .map(|_| Err(Flaw::new(FlawKind::NotAnswered, "no vision model")))
                .collect());
        };
        let requests: Vec<_> = batch.iter().map(|(row, sample)| self.request(row, sample)).collect();
        let ask = |request: Result<Request, Flaw>| match request {
            Ok(request) => request.ask(vlm, cancel),
            Err(flaw) => Ok(Err(flaw)),
        };
        at_once(requests, ask)
    }

    /// Endpoints take JPEG, PNG, WebP and GIF; of every other format they get the upright pixels as PNG.
    fn request(&self, row: &Row, sample: &Sample) -> Result<Request, Flaw> {
        let picture = self.vision.picture(row)?;
        let format = picture.format();
        let (media_type, picture) =
            if matches!(format, Format::Jpeg | Format::Png | Format::WebP | Format::Gif) {
                (format!("image/{}", format.to_string().to_lowercase()), self.vision.bytes(row)?)
            } else {
                let unreadable = |error: Error| Flaw::new(FlawKind::UnreadableImage, error.to_string());
                ("image/png".to_owned(), Arc::from(picture.to_png().map_err(unreadable)?))
            };
        let mut question = self.question(sample);
        if chooses(sample) && sample.options.is_empty() {
            question = format!("{question} Answer with one of: {}.", self.classes.join(", "));
        }
        Ok(Request { media_type, picture, question })
    }
}
