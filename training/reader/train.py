"""Trains the reader on text alone: evidence and question in, short answer out.

    python -m reader.train --data PACK --work WORK --minutes 60

Needs `evidence.py` first. Resumes from WORK/reader/checkpoint.pt; more `--minutes` continue a finished plateau.
"""

import copy
import itertools
import random
import shutil
from pathlib import Path

import torch
import torch.nn.functional as F
from transformers import T5ForConditionalGeneration

import options
import runs
import texts

from . import examples, measure, model, tokenizer

VOCABULARY = 5000
AVERAGED = 0.995  # of the average of the weights stays in each step
LEAN_LATER = 0.5  # of the examples; so that looking up is not forgotten
POOL = 32  # batches that are sorted by length together, so that little is padding


def examples_of(mixture, number, rng, lean):
    """`lean` is the share of short prompts."""
    for _ in range(number):
        mixture.lean = rng.random() < lean
        yield mixture.example()


def batches(mixture, words, size, rng, is_early):
    """(prompt ids, answer ids) of similar length, endlessly. Later batches are smaller and their prompts longer."""
    while True:
        early = is_early()
        size_now = size if early else size // 2
        made = list(examples_of(mixture, size_now * POOL, rng, 1.0 if early else LEAN_LATER))
        prompts = [encoding.ids for encoding in words.encode_batch([example.prompt() for example in made])]
        targets = [encoding.ids for encoding in words.encode_batch([example.question.answers[0] for example in made])]
        rows = sorted(zip(prompts, targets), key=lambda row: len(row[0]))
        groups = [rows[start : start + size_now] for start in range(0, len(rows), size_now)]
        rng.shuffle(groups)
        for group in groups:
            yield model.padded([row[0] for row in group]), model.padded([row[1] for row in group], -100)


def loss_of(reader, prompts, targets):
    with runs.autocast():
        logits = reader(input_ids=prompts, attention_mask=(prompts != 0).long(), labels=targets).logits
    each = F.cross_entropy(logits.float().flatten(0, 1), targets.flatten(), ignore_index=-100, reduction="none")
    told = (targets >= 0).sum(1)
    # A long text that is copied weighs more than a "yes", but not as much more as it is longer.
    return (each.view_as(targets).sum(1) / told.sqrt()).mean()


def vocabulary(args, mixture):
    """Trained once on the mixture itself and on the words that signs are made from."""
    folder = args.work / "reader"
    if args.start and not (folder / "tokenizer.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(args.start / "tokenizer.json", folder / "tokenizer.json")
    if not (folder / "tokenizer.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        made = (mixture.example() for _ in range(20000))
        lines = (f"{example.prompt()} {example.question.answers[0]}" for example in made)
        tokenizer.train(itertools.chain(lines, texts.dictionary()), VOCABULARY).save(str(folder / "tokenizer.json"))
    return tokenizer.load(folder)


def validation(args, rng):
    """Small sets that show the way while training; RESULTS.md has the whole ones (`reader.evaluate`)."""
    photos = measure.counterfactual(examples.photo_examples(args.data, args.work, "val", rng), rng)
    photos = measure.usual(rng.sample(photos, 300))
    others = examples.Mixture(photos, photos, rng, examples.DrawnSeen(args.work, "val"))
    return {
        "photo": photos,
        "question_only": measure.without_evidence(photos),
        "scene": [others.scene() for _ in range(100)],
        "text": [others.text() for _ in range(100)],
    }


def report(run, reader, words, sets, loss):
    scores = {name: measure.accuracy(reader, words, held) for name, held in sets.items()}
    run.report(loss=loss, **{name: score[0] for name, score in scores.items()}, kinds=scores["photo"][1], text_kinds=scores["text"][1])


def main():
    flags = options.parser(__doc__.splitlines()[0])
    flags.add_argument("--minutes", type=float, default=60)
    flags.add_argument("--batch", type=int, default=48)
    flags.add_argument("--rate", type=float, default=3e-3)
    flags.add_argument("--start", type=Path, help="folder of an earlier reader: its weights and tokenizer are taken")
    flags.add_argument("--lean", type=float, default=0.6, help="share of the time that has nothing but short prompts and drills")
    flags.add_argument("--report-every", type=float, default=3000, help="seconds")
    args = options.parse(flags)
    rng = random.Random(args.seed)
    mixture = examples.Mixture(
        examples.photo_examples(args.data, args.work, "train", rng),
        examples.label_examples(args.data, args.work, "train", rng),
        rng,
        examples.DrawnSeen(args.work, "train"),
    )
    words = vocabulary(args, mixture)
    reader = T5ForConditionalGeneration.from_pretrained(args.start).float() if args.start else model.new(words.get_vocab_size())
    mean = copy.deepcopy(reader).requires_grad_(False)
    # T5 starts its word table at a deviation of 1: at the rate of the matrices it would hardly move.
    steppers = runs.optimizers(reader, args.rate, lambda name: "block" in name and "relative" not in name, {"shared": 3.0})
    run = runs.Run(args.work, "reader", args.minutes)
    parts = {"model": reader, "mean": mean, "muon": steppers[0], "adamw": steppers[1]}
    if run.resume(**parts):
        rng.seed(args.seed + run.step)
    sets = validation(args, random.Random(1))
    reader.train()
    losses, due = [], run.elapsed + args.report_every
    for prompts, targets in batches(mixture, words, args.batch, rng, lambda: run.share < args.lean):
        loss = loss_of(reader, prompts, targets)
        runs.step(loss, reader, steppers, args.rate * run.rate())
        runs.average(mean, reader, min(AVERAGED, 1 - 4 / (run.step + 5)))
        losses.append(loss.item())
        run.step, run.seen = run.step + 1, run.seen + len(prompts)
        if run.step % 50 == 0:
            run.report(loss=round(sum(losses[-50:]) / len(losses[-50:]), 3))
        if run.elapsed > due:
            report(run, mean, words, sets, round(sum(losses[-100:]) / len(losses[-100:]), 3))
            due = run.elapsed + args.report_every
        run.save(120, **parts)
        if run.share >= 1:
            break
    run.save(**parts)
    report(run, mean, words, sets, round(sum(losses[-100:]) / len(losses[-100:]), 3))


if __name__ == "__main__":
    main()
