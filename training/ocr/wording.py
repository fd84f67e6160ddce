"""What is written on pictures of text: the lines of one picture, of printable ASCII."""

import random
import string
import unicodedata
from functools import cache
from pathlib import Path

import texts

ALPHABET = "".join(chr(code) for code in range(32, 127))
NAMES = Path("/usr/share/dict/american-english")  # Debian package wamerican, public domain
LISTS = ("english-words.10", "american-words.10", "english-words.20", "american-words.20")
FRENCH = Path("/usr/share/dict/french")  # Debian package wfrench
SCOWL = Path("/usr/share/dict/scowl")  # Debian package scowl, © Kevin Atkinson; LICENSE-WEIGHTS holds its terms
COMMON = (
    "a an and are as at be by do for from has in is it its no not of off on one only or our out over the this to up we with you your"
).split()


def lines(rng: random.Random, make=None) -> list[str]:
    """Those that `make` gives, or of any kind."""
    kinds = (texts.coloured_words, texts.sign, texts.meme, texts.menu, texts.page, _notice, _odd)
    make = make or rng.choices(kinds, (2, 3, 5, 2, 2, 5, 1))[0]
    return [line if isinstance(line, str) else line.text for line in make(rng)]


def plain(rng: random.Random) -> list[str]:
    """A word, two words or a few characters of any kind."""
    words = " ".join(texts.word(rng) for _ in range(rng.randint(1, 2)))
    return [texts.cased(words, rng) if rng.random() < 0.7 else "".join(rng.choices(ALPHABET[1:], k=rng.randint(3, 10)))]


@cache
def names() -> tuple[str, ...]:
    """Of people, places and things, with a capital."""
    words = NAMES.read_text().split()
    return tuple(word for word in words if word.isascii() and word.isalpha() and word.istitle() and len(word) >= 3)


def frequent() -> list[str]:
    """The most common English words, for the `words.txt` beside a recogniser."""
    words = [word for name in LISTS for word in (SCOWL / name).read_text("latin-1").split()]
    return sorted({word for word in words if word.isascii() and word.isalpha() and word.islower()})


def codes(rng: random.Random) -> list[str]:
    """What is no word of any language."""
    return [_code(rng, 4) for _ in range(rng.randint(1, 3))]


def _code(rng: random.Random, least: int) -> str:
    return "".join(rng.choices(string.ascii_uppercase + string.digits, k=rng.randint(least, 9)))


def french(rng: random.Random) -> list[str]:
    """Words that `frequent` mostly lacks, without accents."""
    return [texts.cased(" ".join(rng.choice(_french()) for _ in range(rng.randint(1, 3))), rng) for _ in range(rng.randint(1, 3))]


@cache
def _french() -> tuple[str, ...]:
    plain = unicodedata.normalize("NFKD", FRENCH.read_text()).encode("ascii", "ignore").decode().split()
    return tuple(word for word in plain if word.isalpha() and 3 <= len(word) <= 10)


def _notice(rng: random.Random) -> list[str]:
    """What shops, streets and plaques say: words among names and numbers, and the marks between them."""
    case = rng.choices((str.upper, string.capwords, str.capitalize, str), (5, 2, 2, 1))[0]
    return [case(" ".join(_piece(rng) for _ in range(rng.randint(1, 6)))) for _ in range(rng.randint(1, 4))]


def _piece(rng: random.Random) -> str:
    word = rng.choices((texts.word, _name, _common, _number), (5, 3, 3, 2))[0](rng)
    if rng.random() < 0.05:
        word += f"-{texts.word(rng)}"
    if rng.random() < 0.04:
        word += "'s"
    return word + rng.choices(("", ",", ".", "!", ":", " &", " -"), (40, 3, 2, 1, 1, 1, 1))[0]


def _name(rng: random.Random) -> str:
    return rng.choice(names())


def _common(rng: random.Random) -> str:
    return rng.choice(COMMON)


def _number(rng: random.Random) -> str:
    return str(rng.randint(0, 10 ** rng.randint(1, 4)))


def _odd(rng: random.Random) -> list[str]:
    """Numbers, times, addresses and marks: what words alone would not teach."""
    number = lambda low, high: str(rng.randint(low, high))  # noqa: E731
    word = texts.word(rng)
    kinds = (
        lambda: f"{number(0, 23)}:{rng.randint(0, 59):02}", lambda: f"{number(1, 31)}/{number(1, 12)}/{number(1900, 2030)}",
        lambda: f"({number(100, 999)}) {number(100, 999)}-{number(1000, 9999)}", lambda: f"www.{word}.com",
        lambda: f"{word}@{texts.word(rng)}.org", lambda: f"#{word}", lambda: f"{number(1, 99)}%", lambda: f"${number(1, 999)},{number(100, 999)}",
        lambda: f'"{word.title()}!"', lambda: f"{word}'s {texts.word(rng)}?", lambda: f"{word} & {texts.word(rng)}",
        lambda: _code(rng, 3), lambda: "".join(rng.choices(ALPHABET[1:], k=rng.randint(3, 10))), lambda: f"{word}; {texts.word(rng)}: {number(0, 9)}",
        lambda: f"[{word}] {{{number(0, 99)}}} <{texts.word(rng)}>", lambda: f"{word}_{number(0, 9)} * {number(2, 9)} = {number(0, 99)}",
    )  # fmt: skip
    return [rng.choice(kinds)() for _ in range(rng.randint(1, 4))]
