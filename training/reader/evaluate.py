"""Measures the reader that the crate holds, on `val`: the numbers of RESULTS.md.

    python -m reader.evaluate --data PACK --work WORK
"""

import json
import random

from transformers import T5ForConditionalGeneration

import options

from . import examples, measure, model, tokenizer
from .photo_questions import Question
from .prompt import Evidence, Line

CONTRADICTION = Evidence(lines=(Line("Red", "purple"), Line("Green", "red")))
DEMONSTRATION = (("Which word is purple?", "red"), ("What colour is the word Green?", "red"))


def photo_sets(args, rng):
    photos = examples.photo_examples(args.data, args.work, "val", rng)
    about_captions = [e for e in photos if e.question.kind not in ("describe", "unanswerable", "says")]
    paired = measure.counterfactual(about_captions, rng)
    return {
        "photographs, paired questions": measure.usual(rng.sample(paired, min(len(paired), args.limit))),
        "photographs, questions as they come": measure.usual(rng.sample(about_captions, min(len(about_captions), args.limit))),
    }


def main():
    flags = options.parser(__doc__.splitlines()[0])
    flags.add_argument("--limit", type=int, default=1500, help="questions per set")
    args = options.parse(flags)
    rng = random.Random(args.seed + 1)
    folder = options.NANO / "reader"
    reader, words = T5ForConditionalGeneration.from_pretrained(folder).float(), tokenizer.load(folder)
    sets = photo_sets(args, rng)
    for name, held in list(sets.items()):
        sets[f"{name}, without evidence"] = measure.without_evidence(held)
        sets[f"{name}, evidence of another"] = measure.with_other_evidence(held)
    labels = examples.label_examples(args.data, args.work, "val", rng)
    sets["labelled photographs"] = measure.usual(rng.sample(labels, min(len(labels), args.limit)))
    others = examples.Mixture(labels, labels, rng, examples.DrawnSeen(args.work, "val"))
    sets["scenes of shapes"] = [others.scene() for _ in range(args.limit // 2)]
    sets["text"] = [others.text() for _ in range(args.limit // 2)]
    sets["demonstration"] = [examples.Example(CONTRADICTION, Question(q, (a,), "which")) for q, a in DEMONSTRATION]
    for name, held in sets.items():
        total, kinds = measure.accuracy(reader, words, held)
        print(json.dumps({"set": name, "questions": len(held), "right": total, **kinds}), flush=True)


if __name__ == "__main__":
    main()
