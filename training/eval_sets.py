"""Writes sets of questions in VQA's files, for `lens eval run nano-flickr8k-vqa nano-scenes nano-text`.

    python -m eval_sets --data PACK --work WORK         # into WORK/eval

Photographs: questions made from the captions that people wrote, in pairs: one question, two photographs, two answers, so that an
answer from habit is right half of the time at most. Scenes: drawn shapes whose answers are exact. Text: signs, memes, menus and
pages, and what they say. Of every set `val` is measured and `train` gives demonstrations; no photograph of `val` was trained on,
scenes and texts come from seeds of their own, and the texts of `val` are set in fonts that were kept out of training.
"""

import json
import random
from pathlib import Path

from PIL import Image

import options
import pack
import scenes
import texts
from ocr import page
from reader import measure, scene_questions, text_questions
from reader.examples import Example
from reader.photo_questions import Photo, open_questions, yes_no_pairs
from reader.prompt import Evidence
from vision import drawing

ANSWERS = 10
# Far from the seeds of training.
SCENE_SEEDS = {"val": 710_000, "train": 720_000}
TEXT_SEEDS = {"val": 730_000, "train": 740_000}
TEXTS = {"sign": texts.sign, "meme": texts.meme, "menu": texts.menu, "page": texts.page}


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


def either_case(answer: str) -> tuple[str, ...]:
    """VQA's accuracy overlooks case where people differ in it."""
    other = answer.capitalize() if answer == answer.lower() else answer.lower()
    return tuple(dict.fromkeys((answer, other)))


def lettered(data: Path, work: Path, folder: Path, split: str, count: int) -> None:
    """One question about each picture. Case does not count."""
    (folder / split).mkdir(parents=True, exist_ok=True)
    photos = pack.pixels(data, work, "flickr8k", "val")
    asked = []
    seed = TEXT_SEEDS[split]
    while len(asked) < count:
        rng = random.Random(seed)
        seed += 1
        kind = rng.choices(list(TEXTS), (4, 3, 2, 1))[0]
        lines = TEXTS[kind](rng)
        side = (rng.randint(320, 480), rng.randint(240, 400))
        photo = Image.fromarray(photos[rng.randrange(len(photos))]) if kind == "meme" else None
        made = page.draw(rng, side, held_out=split == "val", photo=photo, make=lambda _: lines, ways=page.MEMES, hard=False)
        if len(made.lines) < len(lines) or not all(page.is_whole(line, made.picture) for line in made.lines):
            continue
        question = text_questions.about(kind, lines, rng)
        made.picture.save(folder / split / f"{len(asked)}.jpg", quality=92)
        asked.append((str(len(asked)), question.text, either_case(question.answers[0])))
    write(folder, split, asked)


def main():
    flags = options.parser(__doc__.splitlines()[0])
    flags.add_argument("--questions", type=int, default=2000, help="of each set's `val`")
    args = options.parse(flags)
    for split in ("val", "train"):
        rng = random.Random(args.seed + 6)
        photographs(args.data, args.work / "eval" / "nano-flickr8k-vqa", split, args.questions, rng)
        drawn(args.work / "eval" / "nano-scenes", split, args.questions)
        lettered(args.data, args.work, args.work / "eval" / "nano-text", split, args.questions)


if __name__ == "__main__":
    main()
