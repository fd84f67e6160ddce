"""Look-ups, which a small reader is slowest to learn: for one thing, as users ask, or for several in one prompt."""

import random
import string
from functools import cache

import scenes
import texts

from . import lexicon
from .photo_questions import CANONICAL, NAMES, Question, with_article, yes_no_text
from .prompt import Evidence, Line
from .text_questions import READ


SMALL_WORDS = "a i the to of and was is it in on you my we not for with all no at this that are be".split()


def _series(names: list[str]) -> str:
    return ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else names[0]


def _some(items, rng):
    """One, as users ask, or several."""
    return rng.sample(items, 1 if rng.random() < 0.4 else rng.randint(1, len(items)))


def _asked(one: str, several: str, names: list[str]) -> str:
    return (one if len(names) == 1 else several).format(_series(names))


def _inks(rng):
    """Words with their inks: both ways round."""
    number = rng.randint(2, 6)
    if rng.random() < 0.35:
        colours = rng.sample(texts.INKS, number + 1)
        names, inks = colours[:-1], colours[1:]  # "Green" is red and "Red" is purple: what is asked for stands twice
    else:
        names = rng.sample(texts.INKS, number) if rng.random() < 0.5 else [texts.word(rng) for _ in range(number)]
        inks = rng.sample(texts.INKS, number)
    style = rng.choice((str.title, str.upper, str))
    lines = [Line(style(name), ink) for name, ink in zip(names, inks)]
    rng.shuffle(lines)
    asked = _some(lines, rng)
    if rng.random() < 0.5:
        colour = rng.choice(("colour", "color"))
        question = _asked(f"What {colour} is the word {{}}?", f"What {colour}s are the words {{}}?", [line.text for line in asked])
        return Evidence(lines=tuple(lines)), question, [line.ink for line in asked]
    question = _asked(rng.choice(("Which word is {}?", "What word is {}?")), "Which words are {}?", [line.ink for line in asked])
    return Evidence(lines=tuple(lines)), question, [line.text for line in asked]


def _prices(rng):
    goods = rng.sample(texts.GOODS, rng.randint(2, 5))
    pairs = [(good, f"{rng.randint(1, 19)}.{rng.choice(('00', '50', '20', '95'))}") for good in goods]
    asked = _some(pairs, rng)
    name = [Line(texts.heading(rng))] if rng.random() < 0.5 else []  # of the place, above the list
    lines = (*name, *(Line(f"{good.title()} {price}") for good, price in pairs))
    question = _asked("How much is the {}?", "How much are the {}?", [good for good, _ in asked])
    return Evidence(lines=lines), question, [price for _, price in asked]


def _told(kinds, ground):
    """A caption of (shape, colour, how many)."""
    counted = [scenes.counted(f"{colour} {shape}", count) for shape, colour, count in kinds]
    return f"{' and '.join(counted)} on a {ground} background"


def _shapes(rng):
    """Kinds of shapes that are counted, as captions of scenes do it: two of them, mostly. The first caption is right, others
    may have miscounted."""
    number = rng.choice((2, 2, 2, 3, 4, 5))
    shapes, colours = rng.sample(scenes.SHAPES, number), rng.sample(list(scenes.COLOURS), number)
    kinds = [(shape, colour, rng.choice((1, 1, 2, 3, 4, 5, 6))) for shape, colour in zip(shapes, colours)]
    ground = rng.choice(list(scenes.COLOURS))
    captions = [_told(kinds, ground)]
    for _ in range(rng.choice((0, 0, 1, 2, 4))):
        captions.append(_told([(shape, colour, rng.randint(1, 6)) for shape, colour, _ in kinds], ground))
    asked = _some(kinds, rng)
    things = [shape if count == 1 else scenes.plural(shape) for shape, _, count in asked]
    verb = "is" if len(asked) == 1 and asked[0][2] == 1 else "are"
    spelled = rng.choice(("colour", "color")) + ("s" if len(asked) > 1 else "")
    question, answers = rng.choice((
        (f"What {spelled} {verb} the {_series(things)}?", [colour for _, colour, _ in asked]),
        (_asked(rng.choice(("Which shape is {}?", "What shape is {}?")), "Which shapes are {}?", [colour for _, colour, _ in asked]), [shape for shape, _, _ in asked]),
        (f"How many {_series([scenes.plural(shape) for shape, _, _ in asked])} are there?", [str(count) for _, _, count in asked]),
    ))  # fmt: skip
    return Evidence(captions=tuple(dict.fromkeys(captions))), question, answers


def _present(rng, names):
    """Which of these are among the tags."""
    tags = rng.sample(names, rng.randint(3, 8))
    asked = [rng.choice(tags) if rng.random() < 0.5 else rng.choice(names) for _ in range(rng.randint(2, 5))]
    question = f"Is there {_series([with_article(name) for name in asked])}?"
    return Evidence(tags=tuple(tags)), question, ["yes" if name in tags else "no" for name in asked]


def _either(rng, names):
    tags = rng.sample(names, rng.randint(2, 5))
    other = rng.choice([name for name in names if name not in tags])
    true = rng.choice(tags)
    pair = rng.sample((true, other), 2)
    return Evidence(tags=tuple(tags)), f"Is it {with_article(pair[0])} or {with_article(pair[1])}?", [true]


@cache
def short_words() -> tuple[str, ...]:
    """Those that are one token each: seldom met, one is taken for another."""
    return tuple(word for word in texts.dictionary() if len(word) <= 5)


def _word(rng):
    """Or what OCR makes of one. Small words come again and again: after each, the next must be found at its place."""
    chance = rng.random()
    if chance < 0.6:
        return rng.choice(SMALL_WORDS) if chance < 0.25 else rng.choice(short_words())
    return texts.word(rng) if rng.random() < 0.9 else "".join(rng.choices(string.printable[:94], k=rng.randint(1, 4)))


def _copied(rng):
    """Lines of words that no sentence would put together, so that they must be read one by one."""
    lines = [" ".join(_word(rng) for _ in range(rng.randint(1, 5))) for _ in range(rng.randint(1, 5))]
    style = rng.choice((str.upper, str.title, str.capitalize, str))
    lines = [style(line) for line in lines]
    inks = [rng.choice(texts.INKS) if rng.random() < 0.5 else None for _ in lines]
    which, place = rng.choice((("first", 0), ("last", -1), ("whole", None), ("whole", None)))
    if place is None:
        short = lines[: rng.randint(1, 3)]
        return Evidence(lines=tuple(map(Line, short, inks))), rng.choice(READ).format(s="sign"), [" ".join(short)]
    question = rng.choice((f"What is the {which} line?", f"What does the {which} line say?", *(["What is the title?"] * (place == 0))))
    return Evidence(lines=tuple(map(Line, lines, inks))), question, [lines[place]]


def mentioned(evidence: Evidence, rng: random.Random) -> Question:
    """Is there something that the tags or the captions name, or that they do not."""
    words = {word for text in (*evidence.tags, *evidence.captions) for word in lexicon.words(text)}
    named = sorted({CANONICAL[word] for word in words if word in CANONICAL})
    if named and rng.random() < 0.5:
        return Question(yes_no_text(rng.choice(named), rng), ("yes",), "yes/no")
    other = rng.choice([name for name in NAMES if name not in named])
    return Question(yes_no_text(other, rng), ("no",), "yes/no")


def drill(rng: random.Random, names: list[str]) -> tuple[Evidence, Question]:
    """`names` are tags that CLIP may give."""
    kind = rng.choices(("inks", "prices", "shapes", "copied", "present", "either"), (20, 5, 7, 24, 3, 2))[0]
    made = {"inks": _inks, "prices": _prices, "shapes": _shapes, "copied": _copied}.get(kind)
    evidence, text, answers = made(rng) if made else (_present if kind == "present" else _either)(rng, names)
    return evidence, Question(text, (" ".join(answers),), "drill")
