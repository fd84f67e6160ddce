"""How well a reader answers: with the evidence, without it, and with another picture's."""

import random
from collections import defaultdict
from dataclasses import replace

from .examples import Example
from .model import answers
from .prompt import Evidence

USUAL = dict(tags=5, attributes=5, captions=5)


def usual(examples: list[Example]) -> list[Example]:
    """With as much evidence as the nano preset gathers."""
    return [replace(example, evidence=example.evidence.top(**USUAL)) for example in examples]


def without_evidence(examples: list[Example]) -> list[Example]:
    return [replace(example, evidence=Evidence()) for example in examples]


def with_other_evidence(examples: list[Example]) -> list[Example]:
    """Every question with the evidence of a picture half the list away."""
    half = len(examples) // 2
    moved = examples[half:] + examples[:half]
    return [replace(example, evidence=other.evidence) for example, other in zip(examples, moved)]


def counterfactual(examples: list[Example], rng: random.Random) -> list[Example]:
    """Pairs of one question on two pictures with different answers."""
    by_question = defaultdict(lambda: defaultdict(list))
    for example in examples:
        by_question[example.question.text][example.question.answers[0]].append(example)
    pairs = []
    for by_answer in by_question.values():
        groups = [rng.sample(group, len(group)) for group in by_answer.values()]
        while len(groups) >= 2:
            groups.sort(key=len, reverse=True)
            pairs += [groups[0].pop(), groups[1].pop()]
            groups = [group for group in groups if group]
    return pairs


def right(answer: str, example: Example) -> bool:
    return answer.lower() in (accepted.lower() for accepted in example.question.answers)


def accuracy(model, tokenizer, examples: list[Example]) -> tuple[float, dict[str, float]]:
    """(percent right, percent right by kind of question)"""
    given = answers(model, tokenizer, [example.prompt() for example in examples])
    by_kind = defaultdict(list)
    for answer, example in zip(given, examples):
        by_kind[example.question.kind].append(right(answer, example))
    share = {kind: round(100 * sum(hits) / len(hits), 1) for kind, hits in sorted(by_kind.items())}
    hits = [hit for kind in by_kind.values() for hit in kind]
    return round(100 * sum(hits) / len(hits), 1), share
