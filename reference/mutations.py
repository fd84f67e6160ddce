"""Proves that the goldens bite: `python -m reference.mutations` prints a Markdown table of wrong variants of the reference.

Fails when one of them moves no output by more than a hundred tolerances.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np
import torch
import transformers
from PIL import Image
from safetensors.torch import load_file

from . import preprocess, t5
from .draw import BITE, movement
from .generation import RUNS, Run, generate
from .model_mutants import BLIP, CLIP, T5, run

GOLDEN = Path(__file__).parent.parent / "golden"
PIXEL_TOLERANCE = 1e-6
SEARCHED = "t5-v1.0"
"""The golden whose answers the variants of the search are tried on."""


def search(run_name: str, **changes) -> Callable[[], float]:
    """How far the answers of `SEARCHED` move when a setting of a run is another: infinitely, where tokens differ."""

    def moved() -> float:
        golden = json.loads((GOLDEN / SEARCHED / "golden.json").read_text(encoding="utf-8"))
        expected = next(run["outputs"] for run in golden["runs"] if run["name"] == run_name)
        original = next(run for run in RUNS if run.name == run_name)
        arguments = {name: value for name, value in (original.arguments | changes).items() if value is not None}
        return _distance(expected, _answers(Run(run_name, arguments), golden["generation_lengths"]))

    return moved


def patched(run_name: str, change: Callable) -> Callable[[], float]:
    """The same when transformers' list of finished texts is kept with other arguments."""

    def moved() -> float:
        owner = transformers.generation.utils.GenerationMixin
        original = owner._update_finished_beams

        def other(self, **arguments):
            return original(self, **(arguments | change(arguments)))

        with mock.patch.object(owner, "_update_finished_beams", other):
            return search(run_name)()

    return moved


def _answers(run: Run, lengths: list[int]) -> list[list[dict]]:
    tiny = next(tiny for tiny in t5.TINY if tiny.name == SEARCHED)
    ids = load_file(GOLDEN / SEARCHED / "golden.safetensors")["generation_ids"]
    batch = t5.padded([row[:length].tolist() for row, length in zip(ids, lengths)])
    return generate(t5.load(GOLDEN / SEARCHED, tiny), run, t5.EOS, 1, batch)[0]


def _distance(expected: list[list[dict]], found: list[list[dict]]) -> float:
    largest = 0.0
    for item, other in zip(expected, found):
        for a, b in zip(item, other):
            if a["ids"] != b["ids"]:
                return float("inf")
            if "score" in a:
                largest = max(largest, abs(a["score"] - b["score"]) / (1e-4 * max(1.0, abs(a["score"]))))
    return largest


SEARCH = [
    ("length penalty of the other sign", search("beam5-penalty1", length_penalty=-1.0)),
    ("length penalty left out", search("beam5-penalty1", length_penalty=0.0)),
    ("length counts the prompt", patched("beam5-penalty1", lambda _: {"decoder_prompt_len": 0})),
    ("least length without the prompt", search("beam5-min-max-length", min_length=None, min_new_tokens=10)),
    ("greatest length without the prompt", search("beam5-min-max-length", max_length=None, max_new_tokens=30)),
    ("all candidates may finish, not the first five", patched(
        "beam5-penalty0", lambda a: {"top_num_beam_mask": torch.ones_like(a["top_num_beam_mask"])})),
    ("stops as soon as five are finished", search("beam5-penalty1", early_stopping=True)),
    ("renormalised after the end is barred", search("beam5-min-max-length", renormalize_logits=True)),
    ("four beams for five", search("beam5-penalty0", num_beams=4, num_return_sequences=4)),
]


def pixels(width: int, height: int, other: Callable) -> Callable[[], float]:
    """Of a picture at 224 pixels: how far the normalised values move."""

    def moved() -> float:
        image = Image.fromarray(preprocess.picture(width, height, 3))
        expected = preprocess.PROCESSORS["clip-224"].processor()(image)["pixel_values"][0]
        return float(np.abs(other(image) - expected).max() / PIXEL_TOLERANCE)

    return moved


def clip_pixels(image: Image.Image, **changes) -> np.ndarray:
    return preprocess.PROCESSORS["clip-224"].processor(**changes)(image)["pixel_values"][0]


def rounded_crop(image: Image.Image) -> np.ndarray:
    transform = preprocess.PROCESSORS["open-clip-224"].transforms
    for step in transform:
        image = step(image)
    return image.numpy()


def vertical_first(image: Image.Image) -> np.ndarray:
    scale = 224 / min(image.size)
    width, height = (int(side * scale) for side in image.size)
    tall = image.resize((image.width, height), Image.Resampling.BICUBIC)
    return clip_pixels(tall.resize((width, height), Image.Resampling.BICUBIC), do_resize=False)


PREPROCESS = [
    ("crop rounded half to even, as open_clip's", pixels(500, 384, rounded_crop)),
    ("vertical pass first", pixels(640, 427, vertical_first)),
    ("bilinear for bicubic", pixels(640, 427, lambda image: clip_pixels(image, resample=2))),
    ("squashed, not cropped", pixels(640, 427, lambda image: clip_pixels(image, size={"height": 224, "width": 224}))),
    ("mean and deviation of 0.5", pixels(
        224, 224, lambda image: clip_pixels(image, image_mean=preprocess.HALF, image_std=preprocess.HALF))),
]


def main() -> None:
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    rows = []
    for family, mutants in (("CLIP", CLIP), ("BLIP", BLIP), ("T5", T5)):
        for mutant in mutants:
            rows.append((family, mutant[0], f"`{mutant[1]}`", max(movement(a, b) for a, b in run(mutant, GOLDEN))))
    for family, where, variants in (("search", f"`{SEARCHED}`", SEARCH), ("pictures", "`preprocess`", PREPROCESS)):
        rows += [(family, name, where, moved()) for name, moved in variants]
    print("| part | what is wrong | golden | moved, in tolerances |\n|---|---|---|---:|")
    for family, name, where, moved in rows:
        print(f"| {family} | {name} | {where} | {'other tokens' if moved == float('inf') else f'{moved:,.0f}'} |")
    blind = [name for _, name, _, moved in rows if moved <= BITE]
    if blind:
        sys.exit(f"the goldens do not notice: {', '.join(blind)}")


if __name__ == "__main__":
    main()
