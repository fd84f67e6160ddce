//! Labels of the two models side by side.

use crate::printer::Printer;
use lens::{Classification, ClassifyBasis, LabelScore};
use std::io;

/// Room for one model's label and probability.
const COLUMN: usize = 36;
const LABEL: usize = 27;

/// The labels of the vision model on the left and of the language model on the right, each best first.
pub(crate) fn print_classification(printer: &Printer, name: &str, result: &Classification) -> io::Result<()> {
    printer.heading(name)?;
    let right = match result.basis {
        ClassifyBasis::Likelihood => "Language model",
        ClassifyBasis::Match => "Language model (named)",
    };
    printer.heading(&format!("{:<COLUMN$}{right}", "Vision model (CLIP)"))?;
    for row in 0..result.clip.len().max(result.llm.len()) {
        let left = result.clip.get(row).map(cell).unwrap_or_default();
        let right = result.llm.get(row).map(cell).unwrap_or_default();
        printer.line(format!("{left:<COLUMN$}{right}").trim_end())?;
    }
    Ok(())
}

fn cell(score: &LabelScore) -> String {
    format!("{:>5.1} %  {}", score.probability * 100.0, shortened(&score.label))
}

/// A long label loses its end.
fn shortened(label: &str) -> String {
    if label.chars().count() < LABEL {
        return label.to_owned();
    }
    label.chars().take(LABEL - 2).chain(['\u{2026}']).collect()
}

#[cfg(test)]
mod tests {
    use super::{COLUMN, cell};
    use lens::LabelScore;

    #[test]
    fn two_cells_fit_80_columns() {
        let label = "a very long label that never ends and goes on".to_owned();
        let widest = cell(&LabelScore { label, score: 0.0, probability: 1.0 });
        assert_eq!(widest, "100.0 %  a very long label that ne\u{2026}");
        assert!(widest.chars().count() < COLUMN && 2 * COLUMN <= 80);
    }
}
