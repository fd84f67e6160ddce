"""Questions about text in pictures. The evidence is what OCR gives: lines, with the ink's colour where it is known."""

import random

import texts

from .photo_questions import Question
from .prompt import Line

UNANSWERABLE = "unanswerable"
READ = ("What does it say?", "What is written?", "What is the text?", "What does the text say?", "Read the text.",
        "What does the {s} say?", "What text is in the picture?", "What is written in the picture?")


def _maybe_ink(lines: list[texts.Line], rng: random.Random) -> tuple[Line, ...]:
    known = rng.random() < 0.8
    return tuple(Line(line.text, line.ink if known and rng.random() < 0.95 else None) for line in lines)


def _whole(lines: list[texts.Line]) -> str:
    return " ".join(line.text for line in lines)


def _read(lines, rng, thing):
    return Question(rng.choice(READ).format(s=thing), (_whole(lines),), "says")


def _says_yes_no(lines, rng):
    said = {token.lower() for line in lines for token in line.text.split()}
    token = rng.choice(sorted(said))
    other = rng.choice([w for w in (rng.choice(texts.INKS), texts.word(rng), rng.choice(texts.GOODS)) if w not in said] or ["nothing"])
    asked, answer = rng.choice(((token, "yes"), (other, "no")))
    form = rng.choice(['Does it say "{}"?', "Does it say {}?", "Is the word {} in the picture?"])
    return Question(form.format(rng.choice((asked, asked.upper(), asked.title()))), (answer,), "yes/no")


def _coloured(lines, rng):
    line = rng.choice(lines)
    name = rng.choice((line.text, line.text, line.text.lower(), f'"{line.text}"'))
    spelled = rng.choice(("colour", "color", "colour", "ink"))
    absent = rng.choice([ink for ink in texts.INKS if ink not in {other.ink for other in lines}])
    other = rng.choice([ink for ink in texts.INKS if ink != line.ink])
    what = "ink" if spelled == "ink" else spelled
    made = [
        Question(f"What {what} is the word {name}{' written in' if spelled == 'ink' else ''}?", (line.ink,), "colour"),
        Question(f"What {what} is {name} {rng.choice(('written in', 'painted in', 'printed in'))}?", (line.ink,), "colour"),
        Question(f"What color are the letters of {name}?", (line.ink,), "colour"),
        *[Question(rng.choice(("Which word is {}?", "What word is {}?", "Which word is written in {}?", "Which word is painted {}?",
                             "What does the {} word say?", "What does the {} text say?")).format(line.ink), (line.text,), "which")
          for _ in range(3)],
        Question(f"Is the word {name} {line.ink}?", ("yes",), "yes/no"),
        Question(f"Is the word {name} {other}?", ("no",), "yes/no"),
        Question(f"Which word is {absent}?", (UNANSWERABLE,), "which"),
        Question("How many words are there?", (str(len(lines)),), "count"),
        Question(rng.choice(("What is the first word?", "Which word comes first?")), (lines[0].text,), "which"),
        Question(rng.choice(("What is the last word?", "Which word comes last?")), (lines[-1].text,), "which"),
    ]
    return rng.choice(made)


def _priced(lines, rng):
    goods = [tuple(line.text.rsplit(" ", 1)) for line in lines if line.text[-1].isdigit()]
    good, price = rng.choice(goods)
    absent = rng.choice([g for g in texts.GOODS if g.title() not in dict(goods)])
    form = rng.choice(("How much is the {}?", "What does the {} cost?", "What is the price of the {}?", "How much does the {} cost?"))
    made = [Question(form.format(good.lower()), (price,), "says")] * 4 + [
        Question(form.format(absent), (UNANSWERABLE,), "says"),
        Question(f"Which item costs {price}?", tuple(g for g, p in goods if p == price), "which"),
        Question("What is the first item?", (goods[0][0],), "which"),
    ]
    if len(lines) > len(goods):
        made += [Question(rng.choice(("What is the name of the place?", "What is the title?", "What is the first line?")), (lines[0].text,), "says")]
    return rng.choice(made)


def _page(lines, rng):
    made = [
        Question(rng.choice(("What is the title?", "What is the heading?", "What is the first line?")), (lines[0].text,), "says"),
        Question(rng.choice(("What is the last line?", "What does the last line say?")), (lines[-1].text,), "says"),
    ]
    return rng.choice(made)


def asked(kind: str, lines: list[texts.Line], rng: random.Random) -> tuple[tuple[Line, ...], Question]:
    """(the lines as OCR gives them, question). `kind` is one of `drawn.WRITTEN`."""
    if rng.random() < 0.12:
        return tuple(Line(line.text, line.ink) for line in lines), _says_yes_no(lines, rng)
    if kind == "words" and rng.random() < 0.85:
        return tuple(Line(line.text, line.ink) for line in lines), _coloured(lines, rng)
    if kind == "menu" and rng.random() < 0.9:
        return _maybe_ink(lines, rng), _priced(lines, rng)
    if kind == "page":
        return _maybe_ink(lines, rng), _page(lines, rng)
    thing = {"sign": "sign", "meme": "meme", "words": "picture", "menu": "menu"}[kind]
    return _maybe_ink(lines, rng), _read(lines, rng, thing)


def about(kind: str, lines: list[texts.Line], rng: random.Random) -> Question:
    """A question about lines of this kind whose answer the letters alone give, whatever their colour."""
    if rng.random() < 0.25:
        return _says_yes_no(lines, rng)
    if kind == "menu":
        return _priced(lines, rng)
    if kind == "page":
        return _page(lines, rng)
    return _read(lines, rng, {"sign": "sign", "meme": "meme"}.get(kind, "picture"))


def unread(rng: random.Random) -> Question:
    """A question about text for a picture that has none."""
    form = rng.choice(READ + ("Which word is {c}?", "How much is the {g}?", "What does the label say?"))
    return Question(form.format(s="sign", c=rng.choice(texts.INKS), g=rng.choice(texts.GOODS)), (UNANSWERABLE,), "says")
