"""Texts with an exact truth: coloured words, signs, memes, menus and pages, as lines with their inks."""

import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path

INKS = ("red", "blue", "green", "yellow", "orange", "purple", "pink", "brown", "black", "white", "grey")
DICTIONARY = Path("/usr/share/dict/american-english-small")  # Debian package wamerican-small, public domain
SIGNS = (
    "stop|no parking|exit|open|closed|one way|do not enter|push|pull|danger|keep out|wet floor|no smoking|slow|yield|"
    "private property|beware of the dog|please wait here|no entry|fire exit|emergency exit|caution|keep left|keep right|"
    "for sale|sold out|sale today|new|free entry|welcome|information|tickets|restrooms|main street|park avenue|station|"
    "bus stop|taxi|hotel|cafe|bakery|bar|books|market|pharmacy|library|museum|school|hospital|police|post office|bank|"
    "mind the gap|no swimming|deep water|no dogs|quiet please|speed limit|dead end|road closed|detour|work ahead|"
    "out of order|staff only|ring the bell|back soon|now hiring|fresh bread|hot coffee|happy hour|cash only|coffee shop"
).split("|")
MEMES = (
    "when you finally find the bug|that feeling on friday|i have no idea what i am doing|one does not simply walk home|"
    "me waiting for the weekend|not sure if late or early|why not both|keep calm and carry on|i can has {w}|such {w}|"
    "when the {w} is real|nobody expects the {w}|{w} everywhere|i see a {w}|this is my {w}|all your {w} are mine|"
    "say {w} one more time|that moment when the {w} is gone|never trust a {w}|brace yourself the {w} is coming|"
    "i love my {w}|what if i told you about {w}|too much {w}|it was the {w} all along|best {w} ever|free {w} today"
).split("|")
GOODS = (
    "coffee tea milk juice water soup salad bread cake pizza pasta burger rice fish chicken cheese eggs apple banana "
    "orange cookie sandwich fries wine beer cocoa muffin pie toast noodles steak beans corn honey butter"
).split()


@dataclass(frozen=True)
class Line:
    """One line of text. `ink` names the colour of its letters."""

    text: str
    ink: str


@cache
def dictionary() -> tuple[str, ...]:
    """Plain lower-case English words of 3 to 9 letters."""
    words = DICTIONARY.read_text().split()
    return tuple(word for word in words if word.isascii() and word.isalpha() and word.islower() and 3 <= len(word) <= 9)


def word(rng: random.Random) -> str:
    return rng.choice(dictionary())


def cased(text: str, rng: random.Random) -> str:
    return rng.choice((text.upper(), text.title(), text.capitalize(), text))


def coloured_words(rng: random.Random) -> list[Line]:
    """One to four words, each in its own ink; mostly names of colours, mostly not in their own."""
    number = rng.choices((1, 2, 3, 4), (2, 5, 3, 1))[0]
    if rng.random() < 0.65:
        texts = rng.sample(INKS, number)
    else:
        texts = [word(rng) for _ in range(number)]
    inks = rng.sample(INKS, number)
    style = rng.choice((str.title, str.title, str.upper, str.lower))
    return [Line(style(text), ink) for text, ink in zip(texts, inks)]


def sign(rng: random.Random) -> list[Line]:
    text = rng.choice(SIGNS) if rng.random() < 0.5 else " ".join(word(rng) for _ in range(rng.randint(1, 3)))
    if rng.random() < 0.15:
        text += f" {rng.randint(1, 999)}"
    text, ink = cased(text, rng), rng.choice(INKS)
    return [Line(part, ink) for part in _broken(text, rng.choice((1, 2, 4)))]


def meme(rng: random.Random) -> list[Line]:
    text = rng.choice(MEMES).format(w=word(rng))
    return [Line(part, "white") for part in _broken(rng.choice((str.upper, str.upper, str.capitalize))(text), 5)]


def heading(rng: random.Random, most: int = 3) -> str:
    return " ".join(word(rng) for _ in range(rng.randint(1, most))).title()


def menu(rng: random.Random) -> list[Line]:
    """Goods with their prices, below a name or without one."""
    goods = rng.sample(GOODS, rng.randint(2, 5))
    sign_ = rng.choice(("", "", "$"))
    ink = rng.choice(("black", "white", "black"))
    name = [Line(heading(rng, 2), ink)] if rng.random() < 0.4 else []
    return name + [Line(f"{good.title()} {sign_}{rng.randint(1, 19)}.{rng.choice(('00', '50', '20', '95', '99'))}", ink) for good in goods]


def page(rng: random.Random) -> list[Line]:
    """A title and lines of words."""
    return [Line(heading(rng), "black")] + [
        Line(" ".join(word(rng) for _ in range(rng.randint(3, 6))).capitalize(), "black") for _ in range(rng.randint(1, 4))
    ]


def _broken(text: str, words_per_line: int) -> list[str]:
    words = text.split()
    return [" ".join(words[i : i + words_per_line]) for i in range(0, len(words), words_per_line)]
