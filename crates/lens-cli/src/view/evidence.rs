//! Evidence for people.

use crate::printer::Printer;
use lens::{
    Evidence,
    evidence::{Caption, CaptionKind, OcrLine, Tag},
};
use std::io;

/// Columns of the ids.
const ID: usize = 7;

/// The whole record: a heading for the picture and one for each kind of evidence.
pub(crate) fn print_evidence(printer: &Printer, name: &str, evidence: &Evidence) -> io::Result<()> {
    let image = &evidence.image;
    printer.heading(&format!("{name} ({} x {})", image.width, image.height))?;
    section(printer, "Tags", &evidence.tags, |tag| (&tag.id, scored(tag)))?;
    section(printer, "Attributes", &evidence.attributes, |tag| (&tag.id, scored(tag)))?;
    section(printer, "Captions", &evidence.captions, |caption| (&caption.id, captioned(caption)))?;
    section(printer, "Text in the picture", &evidence.ocr, |line| (&line.id, read(line)))?;
    for note in &evidence.notes {
        printer.entry("Note", ID, &format!("{}: {}", note.module, note.text))?;
    }
    Ok(())
}

fn section<T>(
    printer: &Printer,
    title: &str,
    items: &[T],
    show: impl Fn(&T) -> (&str, String),
) -> io::Result<()> {
    printer.heading(title)?;
    if items.is_empty() {
        return printer.entry("  -", ID, "nothing");
    }
    for item in items {
        let (id, text) = show(item);
        printer.entry(&format!("  {id}"), ID, &text)?;
    }
    Ok(())
}

fn scored(tag: &Tag) -> String {
    format!("{:.2}  {}", tag.cosine, tag.text)
}

fn captioned(caption: &Caption) -> String {
    let mut remarks = Vec::new();
    if caption.kind == CaptionKind::Beam {
        remarks.push("most probable".to_owned());
    }
    if caption.count > 1 {
        remarks.push(format!("{} times", caption.count));
    }
    if let Some(similarity) = caption.clip_similarity {
        remarks.push(format!("fits {similarity:.2}"));
    }
    if remarks.is_empty() {
        caption.text.clone()
    } else {
        format!("{} ({})", caption.text, remarks.join(", "))
    }
}

fn read(line: &OcrLine) -> String {
    let ink = line.ink.as_deref().map(|ink| format!(", in {ink}")).unwrap_or_default();
    format!("\"{}\" ({:.0} % sure{ink})", line.text, line.confidence * 100.0)
}
