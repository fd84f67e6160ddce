//! Tables of Markdown, and numbers as a person reads them.

use super::outcome::Estimate;

/// A table with a head and rows of as many cells.
pub(super) struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(head: &[&str]) -> Self {
        Self { head: head.iter().map(|cell| (*cell).to_owned()).collect(), rows: Vec::new() }
    }

    pub(super) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    pub(super) fn into_rows(self) -> Vec<Vec<String>> {
        self.rows
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn markdown(&self) -> String {
        let line = |cells: &[String]| {
            let cells: Vec<String> =
                cells.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        let rule = format!("|{}\n", "---|".repeat(self.head.len()));
        let rows: String = self.rows.iter().map(|row| line(row)).collect();
        line(&self.head) + &rule + &rows
    }

    pub(super) fn html(&self) -> String {
        let row = |cells: &[String], tag: &str| {
            let cells: Vec<String> =
                cells.iter().map(|cell| format!("<{tag}>{}</{tag}>", escape(cell))).collect();
            format!("<tr>{}</tr>", cells.concat())
        };
        let body: String = self.rows.iter().map(|cells| row(cells, "td")).collect();
        format!("<table><thead>{}</thead><tbody>{body}</tbody></table>", row(&self.head, "th"))
    }
}

/// Text as HTML shows it.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A share as percent; CIDEr-D, which is no share, as it stands.
pub(super) fn number(metric: &str, value: f64) -> String {
    if metric == "cider_d" { format!("{value:.3}") } else { format!("{:.1}", 100.0 * value) }
}

/// `71.3 ± 1.2 [69.0, 73.5]`.
pub(super) fn estimate(metric: &str, estimate: Estimate) -> String {
    let Estimate { value, standard_error, interval } = estimate;
    let number = |value| number(metric, value);
    format!(
        "{} ± {} [{}, {}]",
        number(value),
        number(standard_error),
        number(interval.low),
        number(interval.high)
    )
}

/// A p-value.
pub(super) fn p_value(p: f64) -> String {
    if p < 0.001 { "< 0.001".to_owned() } else { format!("{p:.3}") }
}
