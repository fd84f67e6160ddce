"""CIDEr-D (Vedantam et al. 2015), times 100; document frequencies from the references, words as they stand, no stemming."""

import math
from collections import Counter

SIGMA = 6.0


def _grams(words: list[str], n: int) -> Counter:
    return Counter(tuple(words[start : start + n]) for start in range(len(words) - n + 1))


class Cider:
    """Scores captions against references, with the document frequencies of `documents`: a list of each picture's texts."""

    def __init__(self, documents: list[list[str]]):
        self.frequencies = [Counter() for _ in range(4)]
        for texts in documents:
            for n, frequency in enumerate(self.frequencies, 1):
                frequency.update({gram for text in texts for gram in _grams(text.split(), n)})
        self.total = math.log(max(1, len(documents)))

    def _vectors(self, text: str) -> list[tuple[dict, float]]:
        """For n of 1 to 4 the weighed n-grams and their norm."""
        return [self._vector(text.split(), n) for n in range(1, 5)]

    def _vector(self, words, n):
        frequency = self.frequencies[n - 1]
        grams = {gram: times * (self.total - math.log(max(1, frequency[gram]))) for gram, times in _grams(words, n).items()}
        return grams, math.sqrt(sum(value * value for value in grams.values()))

    def score(self, caption: str, references: list[str]) -> float:
        """CIDEr-D, 0 to 10 (not yet times 100)."""
        given, score = self._vectors(caption), 0.0
        for text in references:
            length = math.exp(-((len(caption.split()) - len(text.split())) ** 2) / (2 * SIGMA**2))
            for (grams, norm), (wanted, wanted_norm) in zip(given, self._vectors(text)):
                clipped = sum(min(value, wanted.get(gram, 0)) * wanted.get(gram, 0) for gram, value in grams.items())
                score += length * clipped / max(1e-9, norm * wanted_norm)
        return 10 * score / len(references) / 4


def cider_d(captions: list[str], references: list[list[str]]) -> float:
    scorer = Cider(references)
    scores = [scorer.score(caption, texts) for caption, texts in zip(captions, references)]
    return round(100 * sum(scores) / len(scores), 1)
