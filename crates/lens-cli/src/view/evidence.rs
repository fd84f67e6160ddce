//! Evidence for people.

use crate::printer::Printer;
use lens::{
    Evidence,
    evidence::{Caption, CaptionKind, Note, OcrLine, Tag},
};
use std::io;

/// Columns of the ids.
const ID: usize = 7;

/// The modules that have a section of their own.
const SECTIONS: [&str; 4] = ["tags", "attributes", "captions", "ocr"];

/// The whole record: a heading for the picture and one for each kind of evidence. What a module remarks stands in its
/// section, so that "nothing" is only said where somebody looked.
pub(crate) fn print_evidence(printer: &Printer, name: &str, evidence: &Evidence) -> io::Result<()> {
    let Evidence { image, tags, attributes, captions, ocr, notes, .. } = evidence;
    let [tag_notes, attribute_notes, caption_notes, ocr_notes] =
        SECTIONS.map(|module| remarks(notes, module));
    printer.heading(&format!("{name} ({} x {})", image.width, image.height))?;
    section(printer, "Tags", tags, &tag_notes, |tag| (&tag.id, scored(tag)))?;
    section(printer, "Attributes", attributes, &attribute_notes, |tag| (&tag.id, scored(tag)))?;
    section(printer, "Captions", captions, &caption_notes, |caption| (&caption.id, captioned(caption)))?;
    section(printer, "Text in the picture", ocr, &ocr_notes, |line| (&line.id, read(line)))?;
    for note in notes.iter().filter(|note| !SECTIONS.contains(&note.module.as_str())) {
        printer.entry("Note", ID, &format!("{}: {}", note.module, note.text))?;
    }
    Ok(())
}

fn remarks<'a>(notes: &'a [Note], module: &str) -> Vec<&'a str> {
    notes.iter().filter(|note| note.module == module).map(|note| note.text.as_str()).collect()
}

fn section<T>(
    printer: &Printer,
    title: &str,
    items: &[T],
    remarks: &[&str],
    show: impl Fn(&T) -> (&str, String),
) -> io::Result<()> {
    printer.heading(title)?;
    if items.is_empty() && remarks.is_empty() {
        return printer.entry("  -", ID, "nothing");
    }
    for item in items {
        let (id, text) = show(item);
        printer.entry(&format!("  {id}"), ID, &text)?;
    }
    remarks.iter().try_for_each(|remark| printer.entry("  -", ID, remark))
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
