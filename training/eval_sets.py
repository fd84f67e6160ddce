"""Writes sets of questions in VQA's files, for `lens eval run nano-flickr8k-vqa nano-scenes`.

    python -m eval_sets --data PACK --work WORK         # into WORK/eval

Photographs: questions made from the captions that people wrote, in pairs: one question, two photographs, two answers, so that an
answer from habit is right half of the time at most. Scenes: drawn shapes whose answers are exact. Of every set `val` is measured and
`train` gives demonstrations; no photograph of `val` was trained on, and the scenes come from seeds of their own.
"""

import json
import random
from pathlib import Path

from PIL import Image

import options
import pack
import scenes
from reader import measure, scene_questions
from reader.examples import Example
from reader.photo_questions import Photo, open_questions, yes_no_pairs
from reader.prompt import Evidence
from vision import drawing

ANSWERS = 10
# Far from the seeds of training.
SCENE_SEEDS = {"val": 710_000, "train": 720_000}


def ten(answers: tuple[str, ...]) -> list[str]:
    """What ten people would say: up to three right answers, shared out evenly, the first the most."""
    kept = answers[:3]
    return sorted((kept[place % len(kept)] for place in range(ANSWERS)), key=kept.index)


def write(folder: Path, split: str, asked: list[tuple[str, str, tuple[str, ...]]]) -> None:
    """`asked` holds (picture, question, right answers)."""
    questions, annotations = [], []
    for number, (picture, question, answers) in enumerate(asked):
        people = [{"answer": answer, "answer_id": place + 1} for place, answer in enumerate(ten(answers))]
        questions.append({"question_id": number, "image_id": picture, "question": question})
        annotations.append({"question_id": number, "image_id": picture, "answers": people})
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{split}_questions.json").write_text(json.dumps({"questions": questions}))
    (folder / f"{split}_annotations.json").write_text(json.dumps({"annotations": annotations}))
    print(f"{folder.name} {split}: {len(asked)} questions about {len({picture for picture, *_ in asked})} pictures")


def photographs(data: Path, folder: Path, split: str, count: int, rng: random.Random) -> None:
    rows = pack.rows(data, "flickr8k", ["image", "captions"], split)
    photos = [Photo(row["captions"]) for row in rows]
    asked = [(index, question) for index, photo in enumerate(photos) for question in open_questions(photo, rng)]
    asked += yes_no_pairs(photos, rng)
    # The row travels where evidence otherwise stands.
    examples = [Example(Evidence(captions=(str(index),)), question) for index, question in asked]
    pairs = measure.counterfactual(examples, rng)
    starts = rng.sample(range(0, len(pairs), 2), min(count // 2, len(pairs) // 2))
    chosen = [pairs[start + half] for start in starts for half in (0, 1)]
    (folder / split).mkdir(parents=True, exist_ok=True)
    numbered = []
    for example in chosen:
        index = int(example.evidence.captions[0])
        (folder / split / f"{index}.jpg").write_bytes(rows[index]["image"])
        numbered.append((str(index), example.question.text, example.question.answers))
    write(folder, split, numbered)


def drawn(folder: Path, split: str, count: int) -> None:
    (folder / split).mkdir(parents=True, exist_ok=True)
    asked = []
    number = 0
    while len(asked) < count:
        rng = random.Random(SCENE_SEEDS[split] + number)
        scene = scenes.random_scene(rng)
        Image.fromarray(drawing.draw(scene, 144, rng)).save(folder / split / f"{number}.jpg", quality=95)
        questions = [q for q in scene_questions.questions(scene, rng) if q.kind != "describe"]
        asked += [(str(number), question.text, question.answers) for question in questions]
        number += 1
    write(folder, split, asked[:count])


def main():
    flags = options.parser(__doc__.splitlines()[0])
    flags.add_argument("--questions", type=int, default=2000, help="of each set's `val`")
    args = options.parse(flags)
    for split in ("val", "train"):
        rng = random.Random(args.seed + 6)
        photographs(args.data, args.work / "eval" / "nano-flickr8k-vqa", split, args.questions, rng)
        drawn(args.work / "eval" / "nano-scenes", split, args.questions)


if __name__ == "__main__":
    main()
