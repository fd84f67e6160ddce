"""Questions about photographs, made from the captions that people wrote.

Every question comes with all answers that some caption of the picture supports; the first is the one most of them give.
"""

import random
from collections import Counter
from dataclasses import dataclass

from . import lexicon
from .lexicon import ANIMALS, COLOUR_SPELLINGS, COLOURS, MAYBE, NUMBERS, OBJECTS, PEOPLE, PLACES, ROLES, SPORTS, VERBS

NAMES = {**PEOPLE, **ROLES, **ANIMALS, **PLACES, **OBJECTS}
CANONICAL = lexicon.table(NAMES)
COLOURABLE = set("shirt jacket coat dress hat cap helmet shorts pants jeans sweater ball car truck bike bicycle "
                 "motorcycle boat umbrella uniform swimsuit toy frisbee dog horse collar vest hair".split())
JUMPS = {"jumping", "jumps", "leaping", "leaps"}
UNCOUNTED = set("people snow water grass sand ice dirt sunglasses jeans fish sheep".split())
PICTURE = ("picture", "picture", "image", "photo")


@dataclass(frozen=True)
class Question:
    text: str
    answers: tuple[str, ...]
    kind: str


def with_article(name: str) -> str:
    if name in UNCOUNTED:
        return name
    return ("an " if name[0] in "aeiou" else "a ") + name


class Photo:
    """The captions of one photograph, read for what they say."""

    def __init__(self, captions: list[str]):
        self.captions = [lexicon.words(caption) for caption in captions]
        self.words = {word for caption in self.captions for word in caption}
        # Sorted, so that a seed gives the same questions in every process: the order of a set does not.
        said = Counter()
        for caption in self.captions:
            said.update(sorted({CANONICAL[word] for word in caption if word in CANONICAL}))
        self.said = said

    def has(self, name: str) -> bool:
        return self.said[name] >= 2

    def may_have(self, name: str) -> bool:
        if self.said[name] or not self.words.isdisjoint(MAYBE.get(name, "").split()):
            return True
        is_human = name in PEOPLE or name in ROLES
        return is_human and not self.words.isdisjoint(lexicon.VAGUE_PEOPLE)

    def ranked(self, meanings: dict[str, str], least: int = 2) -> tuple[str, ...]:
        found = Counter()
        table = lexicon.table(meanings)
        for caption in self.captions:
            found.update(sorted({table[word] for word in caption if word in table}))
        return tuple(name for name, times in found.most_common() if times >= least)

    def subject(self) -> str | None:
        names = self.ranked({**PEOPLE, **ANIMALS})
        return names[0] if len(names) == 1 else None

    def after(self, triggers: set[str]) -> tuple[str, ...]:
        """Heads of the phrases that follow a trigger, such as what is ridden, most frequent first."""
        heads = Counter()
        for caption in self.captions:
            for place, word in enumerate(caption[:-1]):
                spot = place + 2 if word in JUMPS and caption[place + 1] == "over" else place + 1
                head = lexicon.noun_phrase_head(caption[spot:]) if word in triggers and (word not in JUMPS or spot == place + 2) else None
                if head and head not in PLACES:
                    heads[CANONICAL.get(head, head)] += 1
        return tuple(head for head, _ in heads.most_common())


def _subjects(photo, rng):
    who = photo.ranked({**PEOPLE, **ROLES, **ANIMALS})
    people = photo.ranked({**PEOPLE, **ROLES})
    animals = photo.ranked(ANIMALS)
    if who:
        yield Question(rng.choice(["Who or what is in the {p}?", "What is in the {p}?", "What is the main subject of the {p}?"]), who, "what")
    if people:
        yield Question(rng.choice(["Who is in the {p}?", "Who is shown in the {p}?"]), people, "who")
    if animals:
        yield Question(rng.choice(["What animal is in the {p}?", "Which animal is this?", "What kind of animal is shown?"]),
                       animals, "what")


def _places(photo, rng):
    places = photo.ranked(PLACES)
    if not places:
        return
    subject = photo.subject()
    if subject and rng.random() < 0.6:
        yield Question(f"Where is the {subject}?", places, "where")
    else:
        yield Question(rng.choice(["Where was this {p} taken?", "Where is this?", "What is the place in the {p}?"]), places, "where")


def _colours(photo, rng):
    found = {}
    for caption in photo.captions:
        for place, word in enumerate(caption):
            colour = COLOUR_SPELLINGS.get(word, word)
            head = lexicon.noun_phrase_head(caption[place + 1 :]) if colour in COLOURS else None
            if head in COLOURABLE:
                found.setdefault(head, Counter())[colour] += 1
    for noun, colours in found.items():
        spelled = rng.choice(["colour", "color"])
        yield Question(f"What {spelled} is the {noun}?", tuple(c for c, _ in colours.most_common()), "colour")


def _counts(photo, rng):
    table = lexicon.table({**PEOPLE, **ANIMALS})
    counts = {}
    for caption in photo.captions:
        for place, word in enumerate(caption[:-1]):
            number = NUMBERS.get(word, 1 if word in ("a", "an") else None)
            head = lexicon.noun_phrase_head(caption[place + 1 :]) if number else None
            if head in table and (head.endswith("s") or head in ("men", "women", "children", "people")) == (number > 1):
                counts.setdefault(table[head], Counter())[number] += 1
    for name, numbers in counts.items():
        number, votes = numbers.most_common(1)[0]
        if votes >= 3 and len(numbers) == 1:
            plural = {"man": "men", "woman": "women", "child": "children"}.get(name, name + "s")
            yield Question(f"How many {plural} are in the {{p}}?", (str(number),), "count")


def _doing(photo, rng):
    spelled = {form: ing for ing, forms in VERBS.items() for form in forms}
    doing = Counter()
    for caption in photo.captions:
        doing.update(sorted({spelled[word] for word in caption if word in spelled}))
    answers = tuple(verb for verb, _ in doing.most_common())
    subject = photo.subject()
    if answers and doing[answers[0]] >= 2:
        text = f"What is the {subject} doing?" if subject else "What is happening in the {p}?"
        yield Question(text, answers, "doing")


def _things(photo, rng):
    subject = photo.subject() or "person"
    for verb, triggers in (("riding", {"riding", "rides"}), ("holding", {"holding", "holds", "carrying", "carries"}),
                           ("wearing", {"wearing", "wears"}), ("chasing", {"chasing", "chases"}),
                           ("throwing", {"throwing", "throws"}), ("jumping over", JUMPS)):
        answers = photo.after(triggers)
        if answers:
            yield Question(f"What is the {subject} {verb}?", answers, "what")
    sports = photo.ranked(SPORTS)
    if sports:
        yield Question(rng.choice(["What sport is this?", "Which sport is being played?"]), sports, "what")


def _either(photo, rng):
    for group in (PEOPLE, ANIMALS, PLACES, OBJECTS):
        present = photo.ranked(group)
        absent = [name for name in group if not photo.may_have(name)]
        if present and absent:
            pair = [present[0], rng.choice(absent)]
            rng.shuffle(pair)
            yield Question(f"Is it {with_article(pair[0])} or {with_article(pair[1])}?", (present[0],), "which")


def open_questions(photo: Photo, rng: random.Random) -> list[Question]:
    """Everything but yes and no."""
    makers = (_subjects, _places, _colours, _counts, _doing, _things, _either)
    questions = [question for make in makers for question in make(photo, rng)]
    return [Question(q.text.replace("{p}", rng.choice(PICTURE)), q.answers, q.kind) for q in questions]


def yes_no_text(name: str, rng: random.Random) -> str:
    form = rng.choice(["Is there {n} in the {p}?", "Is there {n}?", "Does the {p} show {n}?", "Can you see {n}?"])
    return form.format(n=with_article(name), p=rng.choice(PICTURE))


def yes_no_pairs(photos: list[Photo], rng: random.Random) -> list[tuple[int, Question]]:
    """(photo, question): for every "yes" the same question of a photograph that shares something else but lacks this."""
    by_name = {}
    for index, photo in enumerate(photos):
        for name in photo.said:
            if photo.has(name):
                by_name.setdefault(name, []).append(index)
    pairs = []
    for name, present in by_name.items():
        for index in present if len(present) <= 900 else rng.sample(present, 900):
            others = [other for other in photos[index].said if other != name and photos[index].has(other)]
            companions = by_name[rng.choice(others)] if others else range(len(photos))
            absent = next((c for c in rng.choices(companions, k=12) if not photos[c].may_have(name)), None)
            if absent is None:
                continue
            text = yes_no_text(name, rng)
            pairs.append((index, Question(text, ("yes",), "yes/no")))
            pairs.append((absent, Question(text, ("no",), "yes/no")))
    return pairs
