//! Questions about the pictures of `examples/` that the models inside the program answer rightly. Those that they do not
//! answer yet are in the model card.

use crate::place::{Place, stdout};

struct Case {
    picture: &'static str,
    question: &'static str,
    answers: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case { picture: "contradicting-colours.png", question: "Which word is purple?", answers: &["red"] },
    Case {
        picture: "contradicting-colours.png",
        question: "What colour is the word Green?",
        answers: &["red"],
    },
    Case { picture: "shapes.png", question: "How many circles are there?", answers: &["3"] },
    Case { picture: "shapes.png", question: "How many squares are there?", answers: &["1"] },
    Case { picture: "shapes.png", question: "What shape is red?", answers: &["circle"] },
    Case { picture: "shapes.png", question: "What colour is the square?", answers: &["blue"] },
    Case { picture: "menu.png", question: "How much is the soup?", answers: &["6.90"] },
    Case { picture: "menu.png", question: "How much is the coffee?", answers: &["2.50"] },
    Case { picture: "sign.jpg", question: "What does the sign say?", answers: &["no parking"] },
    Case { picture: "sign-turned.jpg", question: "What does the sign say?", answers: &["no parking"] },
    Case {
        picture: "meme.jpg",
        question: "What does it say?",
        answers: &["i came to read the water was warm"],
    },
    Case { picture: "page.png", question: "What is the title?", answers: &["notes on looking"] },
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
