//! Puts the items of the modules together into a record.

use super::{Evidence, Fingerprint, ImageInfo, Item, Note, VERSION};

/// Gathers the items of one picture and numbers them.
#[derive(Debug)]
pub struct Collector {
    evidence: Evidence,
}

impl Collector {
    /// An empty record about a picture.
    #[must_use]
    pub fn new(image: ImageInfo) -> Self {
        Self { evidence: Evidence { version: VERSION, image, ..Evidence::default() } }
    }

    /// Notes that a module looked at the picture, and for how long (milliseconds, the whole call).
    pub fn looked(&mut self, module: &str, fingerprint: Fingerprint, milliseconds: f64) {
        self.evidence.modules.insert(module.to_owned(), fingerprint);
        self.evidence.timings.insert(module.to_owned(), milliseconds);
    }

    /// Adds what `module` saw, in the order of its calls; the ids are given here.
    pub fn add(&mut self, module: &str, item: Item) {
        let evidence = &mut self.evidence;
        match item {
            Item::Tag(tag) => push(&mut evidence.tags, 'T', tag, |tag| &mut tag.id),
            Item::Attribute(attribute) => push(&mut evidence.attributes, 'A', attribute, |tag| &mut tag.id),
            Item::Caption(caption) => push(&mut evidence.captions, 'C', caption, |caption| &mut caption.id),
            Item::Ocr(line) => push(&mut evidence.ocr, 'O', line, |line| &mut line.id),
            Item::Note(text) => evidence.notes.push(Note { module: module.to_owned(), text }),
        }
    }

    /// Notes a property of the machine; not part of the canonical record.
    pub fn environment(&mut self, name: &str, value: &(impl ToString + ?Sized)) {
        self.evidence.environment.insert(name.to_owned(), value.to_string());
    }

    /// The record as far as it goes.
    #[must_use]
    pub fn so_far(&self) -> &Evidence {
        &self.evidence
    }

    /// The record.
    #[must_use]
    pub fn finish(self) -> Evidence {
        self.evidence
    }
}

fn push<T>(list: &mut Vec<T>, letter: char, mut item: T, id: impl Fn(&mut T) -> &mut String) {
    *id(&mut item) = format!("{letter}{}", list.len() + 1);
    list.push(item);
}
