"""Trains the recogniser of ocrs: grey lines of letters in, log-probabilities of characters out.

    python -m ocr.recogniser --data PACK --work WORK --minutes 100

Input (N, 1, 64, W) in -0.5 to 0.5 (`strip`); output (T, N, 1 + alphabet) with T = W / 4 and the CTC blank at 0.
"""

import math
import random
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn

import options
import pack
import runs
import scenes
from vision import drawing

from . import fusion, page, strip, wording

CONTEXTS = 7
THOUGHT = 3  # times as wide as the columns, what a context thinks with
LOOSE = 0.12  # of the lines have more around them than a good detector leaves
ROUND = 0.08  # of the lines stand on something round: their letters become narrower
NO_TEXT = 0.08  # of the lines are none
INDEX = {letter: place + 1 for place, letter in enumerate(wording.ALPHABET)}


class Filters(nn.Sequential):
    """A 3x3 convolution. With these widths it is faster on a CPU than depthwise and pointwise ones."""

    def __init__(self, into, out, stride):
        super().__init__(nn.Conv2d(into, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU())


class Context(nn.Module):
    """Nine columns of context for every column, added to what is there: at first nothing."""

    def __init__(self, width):
        super().__init__()
        self.look = nn.Sequential(nn.Conv1d(width, width, 9, 1, 4, groups=width, bias=False), nn.BatchNorm1d(width))
        self.think = nn.Sequential(nn.Conv1d(width, THOUGHT * width, 1), nn.ReLU(), nn.Conv1d(THOUGHT * width, width, 1))
        nn.init.zeros_(self.think[-1].weight)
        nn.init.zeros_(self.think[-1].bias)

    def forward(self, columns):
        return columns + self.think(self.look(columns))


class Recogniser(nn.Module):
    def __init__(self, width: int = 128):
        super().__init__()
        self.columns = nn.Sequential(
            Filters(1, 16, 2), Filters(16, 32, 2), Filters(32, 64, (2, 1)), Filters(64, 96, (2, 1)),
            nn.Conv2d(96, width, (4, 1), bias=False), nn.BatchNorm2d(width), nn.ReLU(),
        )  # fmt: skip
        self.context = nn.Sequential(*[Context(width) for _ in range(CONTEXTS)])
        self.letters = nn.Conv1d(width, 1 + len(wording.ALPHABET), 1)

    def forward(self, lines):
        """(N, 1, 64, W) -> (W / 4, N, 1 + alphabet) log-probabilities."""
        columns = self.columns(lines).squeeze(2)
        return self.letters(self.context(columns)).permute(2, 0, 1).log_softmax(-1)


def cut(grey: np.ndarray, words: list[page.Word], rng: random.Random) -> np.ndarray:
    """(64, W), straightened and loosened as by a detector that seldom cuts off too much and often leaves a margin."""
    outlines = [_dense(word) for word in words]
    ends = words[-1].outline[[page.EDGE - 1, page.EDGE]].mean(0) - words[0].outline[[0, -1]].mean(0)
    angle = math.atan2(ends[1], ends[0]) + rng.gauss(0, 0.015)
    line = strip.curve(outlines, np.array((math.cos(angle), math.sin(angle))))
    spans = strip.spans(outlines, line)
    cut_out = strip.cut(grey, line, loosened(spans, rng))
    return narrowing(cut_out, rng) if rng.random() < ROUND else cut_out


def narrowing(line: np.ndarray, rng: random.Random) -> np.ndarray:
    """The line with its letters narrower towards one end."""
    place, bend = np.linspace(0, 1, line.shape[1]), rng.uniform(-0.6, 0.6)
    columns = (place + bend * place * (1 - place)) * (line.shape[1] - 1)
    left = columns.astype(int).clip(0, max(0, line.shape[1] - 2))
    share = (columns - left).astype(np.float32)
    return line[:, left] * (1 - share) + line[:, np.minimum(left + 1, line.shape[1] - 1)] * share


def _dense(word: page.Word) -> np.ndarray:
    """Points along the top and the foot, as many as there are pixels."""
    tops, feet = word.edges
    count = max(3, int(abs(tops[-1] - tops[0]).max()))
    at, known = np.linspace(0, 1, count), np.linspace(0, 1, page.EDGE)
    return np.concatenate([np.column_stack([np.interp(at, known, edge[:, axis]) for axis in (0, 1)]) for edge in (tops, feet)])


def loosened(words: list[strip.Span], rng: random.Random) -> list[strip.Span]:
    """Each side of a word with its own margin; some lines with a larger one on each of their sides, in some several words as
    one: else what is black between two of them would tell that there is a space."""
    words = together(words, rng.choice((0, 0.5, 1)), rng)
    height = max(word.below - word.above for word in words)
    grow = rng.uniform(-0.04, 0.24) * height + rng.uniform(0, 3)
    side = lambda: grow + height * rng.uniform(-0.05, 0.12)  # noqa: E731
    moved = [strip.Span(word.start - side(), word.end + side(), word.above - side(), word.below + side()) for word in words]
    if rng.random() < LOOSE:
        above, below = (rng.uniform(0, 0.45) * height for _ in range(2))
        moved = [strip.Span(word.start, word.end, word.above - above, word.below + below) for word in moved]
        for place in {0, len(moved) - 1}:
            before, after = (max(0, rng.uniform(-1.5, 1.5)) * height for _ in range(2))
            word = moved[place]
            start, end = word.start - before * (place == 0), word.end + after * (place == len(moved) - 1)
            moved[place] = strip.Span(start, end, word.above, word.below)
    return moved


def together(words: list[strip.Span], share: float, rng: random.Random) -> list[strip.Span]:
    """A share of neighbours as one."""
    grouped = words[:1]
    for word in words[1:]:
        if rng.random() < share:
            last = grouped.pop()
            word = strip.Span(last.start, word.end, min(last.above, word.above), max(last.below, word.below))
        grouped.append(word)
    return grouped


def nothing(rng: random.Random, photos) -> np.ndarray:
    """What a detector that errs takes for letters: a shape, or a part of a photograph."""
    if rng.random() < 0.6:
        scene, side = scenes.random_scene(rng), rng.randint(96, 320)
        picture, item = Image.fromarray(drawing.draw(scene, side, rng)), rng.choice(scene.items)
        middle, reach = np.array((item.x, item.y)) * side, np.full(2, item.size * side / 2)
    else:
        picture = Image.fromarray(photos[rng.randrange(len(photos))])
        middle = np.array((rng.uniform(0, picture.width), rng.uniform(0, picture.height)))
        reach = rng.uniform(5, 30) * np.array((rng.uniform(0.5, 3), 1))
    return cut(page.grey(picture), [page.Word("", page.outline(*(middle - reach), *(middle + reach)))], rng)


def samples(rng: random.Random, photos, held_out: bool = False, plain=lambda: False):
    """(line, text), endlessly; clean words while `plain()`."""
    while True:
        easy = plain()
        if not easy and rng.random() < NO_TEXT:
            yield nothing(rng, photos), ""
            continue
        photo = Image.fromarray(photos[rng.randrange(len(photos))]) if not easy and rng.random() < 0.55 else None
        side = (rng.choice((256, 384, 512)), rng.choice((96, 160, 224)))
        drawn = page.draw(rng, side, held_out, photo, wording.plain if easy else None)
        grey = page.grey(drawn.picture)
        for words in drawn.lines:
            if page.is_whole(words, drawn.picture):
                yield cut(grey, words, rng), " ".join(word.text for word in words)


def batches(lines, size: int, rng: random.Random, times: int = 1):
    """Lines of similar width, padded with black to a multiple of 50 as ocrs does; every line `times` times, because
    drawing one costs as much as learning from it."""
    while True:
        pool = [next(lines) for _ in range(size * 12)]
        for _ in range(times):
            near = sorted(pool, key=lambda line: line[0].shape[1] * rng.uniform(0.9, 1.1))
            groups = [near[start : start + size] for start in range(0, len(near), size)]
            rng.shuffle(groups)
            for group in groups:
                yield padded([line for line, _ in group]), [text for _, text in group]


def padded(lines: list[np.ndarray]) -> torch.Tensor:
    widest = -(-max(line.shape[1] for line in lines) // 50) * 50
    full = np.full((len(lines), 1, strip.HEIGHT, widest), strip.BLACK, np.float32)
    for row, line in zip(full, lines):
        row[0, :, : line.shape[1]] = line
    return torch.from_numpy(full)


def loss_of(model, lines, texts):
    with runs.autocast():
        scores = model(lines)
    labels = [torch.tensor([INDEX[letter] for letter in text], dtype=torch.long) for text in texts]
    lengths = torch.tensor([len(label) for label in labels])
    steps = torch.full((len(texts),), scores.shape[0])
    return F.ctc_loss(scores.float(), torch.cat(labels), steps, lengths, zero_infinity=True)


def decoded(scores: torch.Tensor) -> list[str]:
    """Greedy CTC: the best letter of each column, repeats and blanks dropped."""
    texts = []
    for line in scores.argmax(-1).T.tolist():
        kept = [now for before, now in zip([0, *line], line) if now and now != before]
        texts.append("".join(wording.ALPHABET[place - 1] for place in kept))
    return texts


def distance(one: str, other: str) -> int:
    """Levenshtein."""
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, wanted in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (letter != wanted))
    return row[-1]


@torch.no_grad()
def error_rate(model, held: list[tuple[torch.Tensor, list[str]]]) -> float:
    """Wrong characters per hundred."""
    model.eval()
    wrong = total = 0
    for lines, truths in held:
        for given, truth in zip(decoded(model(lines)), truths):
            wrong, total = wrong + distance(given, truth), total + len(truth)
    model.train()
    return round(100 * wrong / total, 2)


def main():
    flags = options.parser(__doc__.splitlines()[0])
    flags.add_argument("--minutes", type=float, default=100)
    flags.add_argument("--batch", type=int, default=32)
    flags.add_argument("--rate", type=float, default=2e-3)
    flags.add_argument("--start", type=Path, help="an exported recogniser (ONNX) to go on from")
    flags.add_argument("--plain", type=float, default=0.1, help="share of the time that only sees clean words")
    flags.add_argument("--report-every", type=float, default=300, help="seconds")
    args = options.parse(flags)
    photos = pack.pixels(args.data, args.work, "flickr8k", "train")
    model = Recogniser().to(memory_format=torch.channels_last)
    stepper = torch.optim.AdamW(model.parameters(), lr=args.rate, weight_decay=0.02, betas=(0.9, 0.98), fused=True)
    run = runs.Run(args.work, "ocr-recogniser", args.minutes)
    parts = {"model": model, "adamw": stepper}
    resumed = run.resume(**parts)
    rng = random.Random(args.seed + run.step)
    if args.start and not resumed:
        fusion.start_from(args.start, model, next(batches(samples(rng, photos), 64, rng))[0])
    test = random.Random(-1)
    unseen = batches(samples(test, pack.pixels(args.data, args.work, "flickr8k", "val"), held_out=True), 16, test)
    held = [next(unseen) for _ in range(12)]
    losses, due = [], run.elapsed + args.report_every
    drawn = samples(rng, photos, plain=lambda: run.share < args.plain)
    for lines, texts in batches(drawn, args.batch, rng, times=2):
        loss = loss_of(model, lines, texts)
        runs.step(loss, model, [stepper], args.rate * run.rate())
        losses.append(loss.item())
        run.step, run.seen = run.step + 1, run.seen + len(lines)
        if run.elapsed > due or run.share >= 1:
            recent = losses[-200:]
            run.report(loss=round(sum(recent) / len(recent), 4), error_rate=error_rate(model, held))
            due = run.elapsed + args.report_every
        run.save(240, **parts)
        if run.share >= 1:
            break
    run.save(**parts)


if __name__ == "__main__":
    main()
