//! Three kinds of charts as SVG: bars, lines, and a reliability diagram. Every chart says its numbers in text, too.

use super::table::escape;
use crate::stats::Bin;
use std::fmt::Write;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 360.0;
/// Room for the axis on the left, the title above, the axis below, and on the right.
const LEFT: f64 = 56.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 48.0;
const RIGHT: f64 = 20.0;
/// Told apart by people who see colours differently (Okabe and Ito).
const COLOURS: [&str; 6] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];

/// A number with its interval.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Point {
    pub(super) label: String,
    pub(super) x: f64,
    pub(super) value: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// A line of points.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Series {
    pub(super) name: String,
    pub(super) points: Vec<Point>,
}

/// A drawing under construction, with a vertical axis from 0 to `top`.
struct Canvas {
    text: String,
    top: f64,
}

impl Canvas {
    fn new(title: &str, unit: &str, top: f64) -> Self {
        let mut canvas = Self { text: String::new(), top };
        let head = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" \
             height=\"{HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\" role=\"img\">\n<title>{0}</title>\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n<text x=\"{LEFT}\" y=\"22\" font-size=\"15\" \
             font-weight=\"bold\">{0}</text>\n",
            escape(title)
        );
        canvas.text.push_str(&head);
        for step in 0..=5 {
            let value = top * f64::from(step) / 5.0;
            let y = canvas.y(value);
            canvas.line((LEFT, y), (WIDTH - RIGHT, y), "#ddd", 1.0);
            canvas.label((LEFT - 6.0, y + 4.0), "end", &short(value));
        }
        canvas.label((LEFT - 6.0, TOP - 8.0), "end", unit);
        canvas
    }

    fn y(&self, value: f64) -> f64 {
        HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * (value / self.top).clamp(0.0, 1.0)
    }

    fn line(&mut self, from: (f64, f64), to: (f64, f64), colour: &str, width: f64) {
        let (x1, y1, x2, y2) = (from.0, from.1, to.0, to.1);
        // Writing into a String does not fail.
        _ = writeln!(
            self.text,
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"{colour}\" stroke-width=\"{width}\"/>"
        );
    }

    fn rectangle(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), colour: &str) {
        _ = writeln!(
            self.text,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{:.1}\" fill=\"{colour}\"/>",
            height.max(0.0)
        );
    }

    fn dot(&mut self, (x, y): (f64, f64), colour: &str) {
        _ = writeln!(self.text, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{colour}\"/>");
    }

    fn label(&mut self, (x, y): (f64, f64), anchor: &str, text: &str) {
        let text = escape(text);
        _ = writeln!(self.text, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>");
    }

    fn whisker(&mut self, x: f64, point: &Point) {
        let (low, high) = (self.y(point.low), self.y(point.high));
        self.line((x, low), (x, high), "#333", 1.5);
        self.line((x - 4.0, low), (x + 4.0, low), "#333", 1.5);
        self.line((x - 4.0, high), (x + 4.0, high), "#333", 1.5);
    }

    fn finish(mut self) -> String {
        self.text.push_str("</svg>\n");
        self.text
    }
}

/// Bars from left to right with their intervals; long labels stand in two lines.
pub(super) fn bars(title: &str, unit: &str, points: &[Point]) -> String {
    let mut canvas = Canvas::new(title, unit, round_up(points));
    let slot = (WIDTH - LEFT - RIGHT) / points.len().max(1) as f64;
    let width = (slot * 0.6).min(70.0);
    for (place, point) in points.iter().enumerate() {
        let centre = LEFT + slot * (place as f64 + 0.5);
        let y = canvas.y(point.value);
        canvas.rectangle(
            (centre - width / 2.0, y),
            (width, HEIGHT - BOTTOM - y),
            COLOURS[usize::from(place > 0)],
        );
        canvas.whisker(centre, point);
        let above = canvas.y(point.high) - 6.0;
        canvas.label((centre, above), "middle", &short(point.value));
        let letters = (slot / 6.5) as usize;
        for (number, line) in broken(&point.label, letters).iter().take(3).enumerate() {
            canvas.label((centre, HEIGHT - BOTTOM + 14.0 + 13.0 * number as f64), "middle", line);
        }
    }
    canvas.finish()
}

/// Lines over a horizontal axis whose values are the points' labels, evenly spaced.
pub(super) fn lines(title: &str, unit: &str, axis: &str, all: &[Series]) -> String {
    let points: Vec<Point> = all.iter().flat_map(|series| series.points.clone()).collect();
    let mut canvas = Canvas::new(title, unit, round_up(&points));
    let mut ticks: Vec<(f64, String)> = points.iter().map(|point| (point.x, point.label.clone())).collect();
    ticks.sort_by(|a, b| a.0.total_cmp(&b.0));
    ticks.dedup_by(|a, b| a.0.total_cmp(&b.0).is_eq());
    let slot = (WIDTH - LEFT - RIGHT) / ticks.len().max(1) as f64;
    let x = |value: f64| {
        let place = ticks.iter().position(|(tick, _)| tick.total_cmp(&value).is_eq()).unwrap_or_default();
        LEFT + slot * (place as f64 + 0.5)
    };
    for (value, label) in &ticks {
        canvas.label((x(*value), HEIGHT - BOTTOM + 16.0), "middle", label);
    }
    canvas.label((f64::midpoint(LEFT, WIDTH), HEIGHT - 10.0), "middle", axis);
    for (number, series) in all.iter().enumerate() {
        let colour = COLOURS[number % COLOURS.len()];
        for pair in series.points.windows(2) {
            if let [from, to] = pair {
                let ends = ((x(from.x), canvas.y(from.value)), (x(to.x), canvas.y(to.value)));
                canvas.line(ends.0, ends.1, colour, 2.0);
            }
        }
        for point in &series.points {
            canvas.whisker(x(point.x), point);
            let y = canvas.y(point.value);
            canvas.dot((x(point.x), y), colour);
            // The values of the second line stand below it, so that near lines can be read.
            let beside = if number == 0 { y - 8.0 } else { y + 16.0 };
            canvas.label((x(point.x) + 8.0, beside), "start", &short(point.value));
        }
        let y = TOP - 10.0;
        let place = WIDTH - RIGHT - 130.0 * (all.len() - number) as f64;
        canvas.dot((place, y - 4.0), colour);
        canvas.label((place + 8.0, y), "start", &series.name);
    }
    canvas.finish()
}

/// Accuracy of each tenth of confidence; the diagonal is perfect.
pub(super) fn reliability(title: &str, bins: &[Bin]) -> String {
    let mut canvas = Canvas::new(title, "right, %", 100.0);
    let side = WIDTH - LEFT - RIGHT;
    let slot = side / bins.len().max(1) as f64;
    for (place, bin) in bins.iter().enumerate() {
        let x = LEFT + slot * place as f64;
        if bin.count > 0 {
            let y = canvas.y(100.0 * bin.accuracy);
            canvas.rectangle((x + 4.0, y), (slot - 8.0, HEIGHT - BOTTOM - y), COLOURS[0]);
            canvas.label((x + slot / 2.0, y - 5.0), "middle", &bin.count.to_string());
            let wanted = canvas.y(100.0 * bin.confidence);
            canvas.line((x + 4.0, wanted), (x + slot - 4.0, wanted), COLOURS[1], 3.0);
        }
        canvas.label((x, HEIGHT - BOTTOM + 16.0), "middle", &format!("{}", 10 * place));
    }
    canvas.label((LEFT + side, HEIGHT - BOTTOM + 16.0), "middle", "100");
    let (low, high) = (canvas.y(0.0), canvas.y(100.0));
    canvas.line((LEFT, low), (LEFT + side, high), "#999", 1.0);
    let axis = "confidence, % (above each bar: how many; orange: their mean confidence)";
    canvas.label((f64::midpoint(LEFT, WIDTH), HEIGHT - 10.0), "middle", axis);
    canvas.finish()
}

/// The end of the axis: the highest point, up to a round number.
fn round_up(points: &[Point]) -> f64 {
    let most = points.iter().map(|point| point.high.max(point.value)).fold(0.0, f64::max);
    let steps = [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 75.0];
    steps.into_iter().find(|step| most * 1.05 <= *step).unwrap_or(100.0)
}

fn short(value: f64) -> String {
    if value >= 10.0 || value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

/// At hyphens, into lines of about `letters`.
fn broken(label: &str, letters: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in label.split_inclusive('-') {
        match lines.last_mut() {
            Some(line) if line.len() + part.len() <= letters => line.push_str(part),
            _ => lines.push(part.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{Point, Series, bars, broken, lines, reliability, round_up};
    use crate::stats::reliability as bins;

    fn point(x: f64, value: f64) -> Point {
        Point { label: format!("<{x}>"), x, value, low: value - 5.0, high: value + 5.0 }
    }

    #[test]
    fn charts_are_whole_and_escape_their_words() {
        let points = [point(0.0, 40.0), point(1.0, 50.0)];
        let series = [Series { name: "a & b".into(), points: points.to_vec() }];
        let charts = [
            bars("t", "%", &points),
            lines("t", "%", "shots", &series),
            reliability("t", &bins(&[(0.9, 1.0)])),
            bars("nothing", "%", &[]),
        ];
        for chart in charts {
            assert!(chart.starts_with("<svg") && chart.ends_with("</svg>\n"));
            assert!(!chart.contains("<0>") && !chart.contains("a & b") && !chart.contains("NaN"));
        }
    }

    #[test]
    fn the_axis_ends_at_a_round_number() {
        assert_eq!([40.0, 98.0].map(|most| round_up(&[point(0.0, most)]) as u32), [50, 100]);
    }

    #[test]
    fn long_labels_break_at_hyphens() {
        assert_eq!(broken("lens-tags-attributes", 11), ["lens-tags-", "attributes"]);
    }
}
