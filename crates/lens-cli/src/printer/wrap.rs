//! Fits text into columns.

/// Breaks `text` at spaces so that no line is longer than `width` characters; every line after the first starts
/// with `indent` spaces. A longer word keeps a line of its own. Line breaks in the text stay.
pub(crate) fn wrap(text: &str, width: usize, indent: usize) -> String {
    let margin = " ".repeat(indent);
    let mut lines: Vec<String> = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = if lines.is_empty() { String::new() } else { margin.clone() };
        let mut has_words = false;
        for word in paragraph.split(' ') {
            if has_words && line.chars().count() + 1 + word.chars().count() > width {
                lines.push(std::mem::replace(&mut line, margin.clone()));
                has_words = false;
            }
            if has_words {
                line.push(' ');
            }
            line.push_str(word);
            has_words = true;
        }
        lines.push(line);
    }
    lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn lines_fit_and_the_rest_is_indented() {
        struct Case {
            text: &'static str,
            expected: &'static str,
        }
        let cases = [
            Case { text: "", expected: "" },
            Case { text: "one two", expected: "one two" },
            Case { text: "one two three four", expected: "one two\n  three\n  four" },
            Case { text: "one\n\ntwo three four", expected: "one\n\n  two three\n  four" },
            Case { text: "a/very/long/path is here", expected: "a/very/long/path\n  is here" },
            Case { text: "x a/very/long/path", expected: "x\n  a/very/long/path" },
        ];
        for Case { text, expected } in cases {
            assert_eq!(wrap(text, 11, 2), expected);
        }
    }
}
