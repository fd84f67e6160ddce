"""The reader's examples: a prompt as the library builds it, and the answers that count as right."""

import json
import random
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import drawn
import pack
import scenes

from . import drills, scene_questions, text_questions, unseen
from .photo_questions import Photo, Question, open_questions, with_article, yes_no_pairs
from .prompt import Evidence, prompt

UNANSWERABLE = "unanswerable"
# Questions about a thing that the picture may lack.
ABOUT_THINGS = {
    "dog": ("What color is the dog?", "What is the dog doing?"),
    "horse": ("What colour is the horse?", "Who is riding the horse?"),
    "car": ("What color is the car?", "How many cars are there?"),
    "cat": ("What color is the cat?", "Where is the cat?"),
    "boat": ("What colour is the boat?",),
    "baby": ("What is the baby doing?", "What is the baby wearing?"),
    "guitar": ("Who is playing the guitar?",),
    "umbrella": ("What color is the umbrella?",),
}


@dataclass(frozen=True)
class Example:
    evidence: Evidence
    question: Question

    def prompt(self) -> str:
        return prompt(self.evidence, self.question.text)


def seen(work: Path, name: str, split: str) -> list[tuple[int, Evidence]]:
    """(row, evidence) of the pictures that nano has looked at (`evidence.py`)."""
    lines = (work / "evidence" / f"{name}_{split}.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    return [
        (r["row"], Evidence(tuple(r["tags"]), tuple(r["attributes"]), tuple(dict.fromkeys(r["captions"])))) for r in records
    ]


def photo_examples(data: Path, work: Path, split: str, rng: random.Random) -> list[Example]:
    """Questions about the captioned photographs."""
    rows = pack.rows(data, "flickr8k", ["captions"], split)
    records = seen(work, "flickr8k", split)
    photos = [Photo(rows[row]["captions"]) for row, _ in records]
    evidence = [record for _, record in records]
    if split == "train":
        evidence = unseen.as_unseen(evidence, photos, rng)
    examples = [Example(evidence[i], q) for i, photo in enumerate(photos) for q in open_questions(photo, rng)]
    examples += [Example(evidence[i], q) for i, q in yes_no_pairs(photos, rng)]
    for record, photo in zip(evidence, photos):
        form = rng.choice(("Describe the picture.", "What does the picture show?", "What is happening?", "What is this picture about?"))
        if rng.random() < 0.5 and record.captions:
            examples.append(Example(record, Question(form, (record.captions[0],), "describe")))
        name = rng.choice(list(ABOUT_THINGS))
        if not photo.may_have(name) and rng.random() < 0.5:
            examples.append(Example(record, Question(rng.choice(ABOUT_THINGS[name]), (UNANSWERABLE,), "unanswerable")))
        if rng.random() < 0.25:
            examples.append(Example(record, text_questions.unread(rng)))
    return examples


def label_examples(data: Path, work: Path, split: str, rng: random.Random) -> list[Example]:
    """Questions about the labelled photographs; the wrong choices are what CLIP took the picture for."""
    examples = []
    for name in ("caltech101", "tiny_imagenet"):
        labels = [row["label"] for row in pack.rows(data, name, ["label"], split)]
        for row, evidence in seen(work, name, split):
            label = labels[row]
            if not label:
                continue
            wrong = rng.choice([tag for tag in evidence.tags if tag not in label and label not in tag][:4])
            form = rng.choice(("What is this?", "What is in the picture?", "What object is shown?", "What is the main object?"))
            pair = rng.sample((label, wrong), 2)
            asked, answer = rng.choice(((label, "yes"), (wrong, "no")))
            examples += [
                Example(evidence, Question(form, (label,), "label")),
                Example(evidence, Question(f"Is it {with_article(pair[0])} or {with_article(pair[1])}?", (label,), "which")),
                Example(evidence, Question(rng.choice(("Is this {}?", "Is there {}?")).format(with_article(asked)), (answer,), "yes/no")),
            ]
    return examples


class DrawnSeen:
    """What nano has seen in the drawn pictures of a split, as (number, evidence)."""

    def __init__(self, work: Path, split: str):
        self.split = split
        self.scenes, self.texts = (seen(work, name, split) for name in ("scenes", "texts"))


class Mixture:
    """An endless stream of training examples."""

    SHARES = {"photo": 34, "mentioned": 12, "label": 9, "scene": 18, "text": 30}
    # Looking things up is learned from evidence that holds the answer; what noisy evidence is worth comes later.
    LEAN_SHARES = {"photo": 6, "mentioned": 8, "label": 2, "scene": 20, "text": 29, "drill": 50}
    BLIND = 0.08  # of the examples: the question alone
    YES_NO = 0.45  # of the questions about photographs: balanced by their answers alone they would be one in eighteen

    def __init__(self, photos: list[Example], labels: list[Example], rng: random.Random, drawn_seen: "DrawnSeen"):
        self.rng, self.drawn = rng, drawn_seen
        self.yes_no = [example for example in photos if example.question.kind == "yes/no"]
        self.photos = [example for example in photos if example.question.kind != "yes/no"]
        self.labels = labels
        self.lean = False  # short prompts and clear evidence for this example
        self.weights = _balanced(self.photos)
        self.label_weights = _balanced(labels)
        self.records = list(dict.fromkeys(example.evidence for example in photos))
        self.noise_tags = sorted({tag for record in self.records for tag in record.tags})
        self.noise_attributes = sorted({a for record in self.records for a in record.attributes})

    def example(self) -> Example:
        shares = self.LEAN_SHARES if self.lean else self.SHARES
        kind = self.rng.choices(list(shares), shares.values())[0]
        example = getattr(self, kind)()
        return self.blind(example, kind) if kind != "mentioned" and self.rng.random() < self.BLIND else example

    def blind(self, example: Example, kind: str) -> Example:
        """Without evidence. What is usual may be guessed of photographs, but not of what was invented."""
        question = example.question if kind in ("photo", "label") else replace(example.question, answers=(UNANSWERABLE,))
        return Example(Evidence(), question)

    def photo(self) -> Example:
        if self.yes_no and self.rng.random() < self.YES_NO:
            example = self.rng.choice(self.yes_no)
        else:
            example = self.rng.choices(self.photos, cum_weights=self.weights)[0]
        return replace(example, evidence=self.some_of(example.evidence))

    def mentioned(self) -> Example:
        """Whether the evidence speaks of a thing: what most yes and no about photographs comes down to."""
        evidence = self.some_of(self.rng.choice(self.records))
        return Example(evidence, drills.mentioned(evidence, self.rng))

    def label(self) -> Example:
        example = self.rng.choices(self.labels, cum_weights=self.label_weights)[0]
        return replace(example, evidence=self.some_of(example.evidence))

    def scene(self) -> Example:
        if self.lean or self.rng.random() < 0.3:
            scene = scenes.random_scene(self.rng)
            evidence = scene_questions.evidence(scene, self.rng, self.noise_tags, self.noise_attributes)
        else:
            number, evidence = self.rng.choice(self.drawn.scenes)
            scene = drawn.scene(self.drawn.split, number)
        question = self.rng.choice(scene_questions.questions(scene, self.rng))
        return Example(self.some_of(evidence), question)

    def text(self) -> Example:
        (kind, lines), around = drawn.some_text(self.rng), Evidence()
        if self.rng.random() < (0.25 if self.lean else 0.9):
            chance = self.rng.random()
            if chance < 0.5:
                number, around = self.rng.choice(self.drawn.texts)
                kind, lines = drawn.text(self.drawn.split, number)
            elif chance < 0.75:  # words in colours are taken for shapes in those colours
                around = self.rng.choice(self.drawn.scenes)[1]
            else:
                around = self.rng.choice(self.records)
        told, question = text_questions.asked(kind, lines, self.rng)
        return Example(replace(self.some_of(around), lines=told), question)

    def drill(self) -> Example:
        """Often with what nano says of another picture around it: nothing of which is asked."""
        evidence, question = drills.drill(self.rng, self.noise_tags)
        if not evidence.tags and self.rng.random() < 0.7:
            of_shapes = evidence.lines and self.rng.random() < 0.5
            around = self.rng.choice(self.drawn.scenes)[1] if of_shapes else self.rng.choice(self.records)
            around = around.top(self.rng.choice((3, 5)), self.rng.choice((0, 2, 5, 5)), self.rng.choice((1, 2, 5)))
            evidence = replace(around, captions=evidence.captions or around.captions, lines=evidence.lines)
        return Example(evidence, question)

    def some_of(self, evidence: Evidence) -> Evidence:
        """As many tags, attributes and captions as a user might set; five of each are the usual."""
        rng = self.rng
        if self.lean:
            return evidence.top(rng.choice((0, 3, 5)), rng.choice((0, 0, 0, 1)), rng.choice((1, 1, 2)))
        attributes = rng.choice((0, 1, 3, 5, 5))
        return evidence.top(rng.choice((5, 5, 5, 3, 8, 0)), attributes, rng.choice((1, 2, 3, 5, 5)))


def _balanced(examples: list[Example]) -> list[float]:
    """Cumulative weights under which a question's frequent answers do not drown the rare ones."""
    def key(example):
        return (example.question.kind, example.question.answers[0])

    counts = Counter(map(key, examples))
    total, sums = 0.0, []
    for example in examples:
        total += counts[key(example)] ** -0.5
        sums.append(total)
    return sums
