"""CIDEr-D (Vedantam et al. 2015), times 100; document frequencies from the references, words as they stand, no stemming."""

import math
from collections import Counter

SIGMA = 6.0


def _grams(words: list[str], n: int) -> Counter:
    return Counter(tuple(words[start : start + n]) for start in range(len(words) - n + 1))


def cider_d(captions: list[str], references: list[list[str]]) -> float:
    documents = [Counter() for _ in range(4)]
    for texts in references:
        for n, frequency in enumerate(documents, 1):
            frequency.update({gram for text in texts for gram in _grams(text.split(), n)})
    total = math.log(len(references))

    def weighed(words, n):
        frequency = documents[n - 1]
        return {gram: times * (total - math.log(max(1, frequency[gram]))) for gram, times in _grams(words, n).items()}

    def norm(vector):
        return math.sqrt(sum(value * value for value in vector.values()))

    score = 0.0
    for caption, texts in zip(captions, references):
        words = caption.split()
        for n in range(1, 5):
            given = weighed(words, n)
            for text in texts:
                wanted = weighed(text.split(), n)
                clipped = sum(min(value, wanted.get(gram, 0)) * wanted.get(gram, 0) for gram, value in given.items())
                length = math.exp(-((len(words) - len(text.split())) ** 2) / (2 * SIGMA**2))
                score += length * clipped / max(1e-9, norm(given) * norm(wanted)) / len(texts) / 4
    return round(1000 * score / len(captions), 1)
