"""VQA accuracy as the official evaluation counts it, written anew from its published rules, and the golden made with it.

It follows the script by regular expressions, as that does; `crates/lens-eval/src/metrics/vqa.rs` goes letter by letter.
"""

import json
import random
import re
from pathlib import Path

MARKS = list(';/[]"{}()=+\\_->' + "<@`,?!")
DIGITS = dict(zip("none zero one two three four five six seven eight nine ten".split(), "0 0 1 2 3 4 5 6 7 8 9 10".split()))
TABLE = Path(__file__).resolve().parent.parent / "crates/lens-eval/src/metrics/contractions.rs"
CONTRACTIONS = dict(re.findall(r'\("([^"]+)", "([^"]+)"\)', TABLE.read_text()))
WORDS = """a an the cat dog red Red RED 2 two ten none zero yes no 1,000 3,5 3.5 .5 it's its dont don't wont cant ok o.k. U.S. u.s.a
frisbee t-shirt t_shirt black/white black,white (left) left? right! "stop" tea; a. the. x=y a+b @home `quote` <b> [no] {z} \\n 10:30 12.
snow  skateboard somebody'd couldn'tve y'allll Id've whats up's""".split()


def clean(text: str) -> str:
    out = text
    for mark in MARKS:
        removed = mark + " " in text or " " + mark in text or re.search(r"\d,\d", text)
        out = out.replace(mark, "" if removed else " ")
    return re.sub(r"(?!<=\d)(\.)(?!\d)", "", out, count=32)


def normalise(answer: str) -> str:
    words = clean(answer.replace("\n", " ").replace("\t", " ").strip()).lower().split()
    words = [DIGITS.get(word, word) for word in words]
    return " ".join(CONTRACTIONS.get(word, word) for word in words if word not in ("a", "an", "the"))


def accuracy(answer: str, people: list[str]) -> float:
    answer = normalise(answer)
    if len(set(people)) > 1:
        people = [clean(text) for text in people]
    left_out = [people[:place] + people[place + 1 :] for place in range(len(people))]
    return sum(min(1.0, others.count(answer) / 3) for others in left_out) / len(people)


def cases(rng: random.Random):
    def phrase():
        return rng.choice([" ", " ", "  ", "\t", "\n", ", "]).join(rng.choices(WORDS, k=rng.choice([1, 1, 1, 2, 3])))

    for number in range(400):
        answer = phrase()
        near = [answer, answer.lower(), normalise(answer), clean(answer), phrase()]
        kinds = rng.sample(near, rng.randint(1, 3))
        people = [rng.choice(kinds) for _ in range(9 if number % 20 == 0 else 10)]
        yield answer, people
    yield "." * 40 + "x", ["x"] * 10
    yield "", [""] * 10


def write(root: Path) -> str:
    golden = [
        {"answer": answer, "normalised": normalise(answer), "people": people, "accuracy": accuracy(answer, people)}
        for answer, people in cases(random.Random(6))
    ]
    (root / "vqa-accuracy.json").write_text(json.dumps(golden, indent=0) + "\n")
    scored = [case["accuracy"] for case in golden]
    between = sum(0 < score < 1 for score in scored)
    return f"vqa-accuracy: {len(golden)} cases, {between} between 0 and 1, {scored.count(1)} at 1"
