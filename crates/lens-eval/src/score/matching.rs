//! Which class a free answer names.

/// The class that the answer is, or else the longest that it names as whole words (of equals, the one named first). Case and
/// marks do not count. `None`: it names no class.
#[must_use]
pub fn matched(answer: &str, classes: &[String]) -> Option<usize> {
    let answer = words(answer);
    let classes: Vec<Vec<String>> = classes.iter().map(|class| words(class)).collect();
    if let Some(same) = classes.iter().position(|class| *class == answer && !class.is_empty()) {
        return Some(same);
    }
    let place = |class: &Vec<String>| {
        let width = class.len();
        (width > 0).then(|| answer.windows(width).position(|part| part == class.as_slice())).flatten()
    };
    let named = classes.iter().enumerate().filter_map(|(index, class)| Some((index, class, place(class)?)));
    let length = |class: &[String]| class.iter().map(String::len).sum::<usize>();
    named.max_by(|(_, a, at), (_, b, bt)| length(a).cmp(&length(b)).then(bt.cmp(at))).map(|(index, ..)| index)
}

fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::matched;

    #[test]
    fn answers_name_classes() {
        struct Case {
            answer: &'static str,
            class: Option<&'static str>,
        }
        let classes = ["bear", "polar bear", "sea-horse", "hateful", "not hateful"].map(String::from);
        let cases = [
            Case { answer: "Polar bear.", class: Some("polar bear") },
            Case { answer: "a bear, not a polar bear", class: Some("polar bear") },
            Case { answer: "It is a sea horse", class: Some("sea-horse") },
            Case { answer: "not hateful", class: Some("not hateful") },
            Case { answer: "a beard", class: None },
            Case { answer: "", class: None },
        ];
        for Case { answer, class } in cases {
            let found = matched(answer, &classes).map(|index| classes[index].as_str());
            assert_eq!(found, class, "{answer:?}");
        }
    }
}
