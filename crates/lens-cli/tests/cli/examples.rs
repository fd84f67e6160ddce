//! What README asks about the pictures of `examples/`, answered by the models inside the program.

use crate::place::{Place, stdout};

struct Case {
    picture: &'static str,
    question: &'static str,
    answers: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case { picture: "shapes.png", question: "How many circles are there?", answers: &["3", "three"] },
    Case { picture: "shapes.png", question: "What color is the square?", answers: &["blue"] },
    Case { picture: "contradicting-colours.png", question: "Which word is purple?", answers: &["red"] },
    Case { picture: "contradicting-colours.png", question: "What colour is the word Green?", answers: &["red"] },
    Case { picture: "sign.jpg", question: "What does the sign say?", answers: &["no parking"] },
    Case { picture: "sign-turned.jpg", question: "What does the sign say?", answers: &["no parking"] },
    Case { picture: "menu.png", question: "How much is the soup?", answers: &["6.90"] },
    Case { picture: "page.png", question: "What is the title?", answers: &["notes on looking"] },
    Case { picture: "meme.jpg", question: "What does it say?", answers: &["i came to read the water was warm"] },
    Case { picture: "beach.jpg", question: "Where is this?", answers: &["beach", "the beach"] },
];

#[test]
fn the_pictures_of_the_examples_are_understood() {
    let place = Place::new();
    let mut wrong = Vec::new();
    for Case { picture, question, answers } in CASES {
        place.example(picture);
        let answer = stdout(place.lens(&["-q", "ask", picture, question])).trim().to_lowercase();
        if !answers.contains(&answer.as_str()) {
            wrong.push(format!("{picture}: {question} -> {answer}, not {answers:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
