"""Runs transformers' generation, keeps the candidates whose every decision is clear, and writes them as JSON."""

import types
from dataclasses import dataclass, field

import torch

MARGIN = 1e-3
"""No choice of a golden is closer than this, in log-probability: rounding must not be able to flip it."""


@dataclass
class Run:
    """One way to generate; `arguments` are transformers' own."""

    name: str
    arguments: dict = field(default_factory=dict)

    @property
    def beams(self) -> int:
        return self.arguments.get("num_beams", 1)


BEAM5 = {"num_beams": 5, "num_return_sequences": 5}
RUNS = [
    Run("greedy", {"max_new_tokens": 46}),
    Run("greedy-min-length", {"min_length": 12, "max_length": 45}),
    Run("beam5-penalty1", BEAM5 | {"length_penalty": 1.0, "max_new_tokens": 46}),
    Run("beam5-penalty0", BEAM5 | {"length_penalty": 0.0, "max_new_tokens": 46}),
    Run("beam5-penalty-1", BEAM5 | {"length_penalty": -1.0, "max_new_tokens": 46}),
    Run("beam5-penalty-1-min-length", BEAM5 | {"length_penalty": -1.0, "min_length": 42, "max_length": 48}),
    Run("beam5-min-max-length", BEAM5 | {"length_penalty": 1.0, "min_length": 10, "max_length": 30}),
    Run("beam3-short", {"num_beams": 3, "num_return_sequences": 1, "length_penalty": -1.0, "max_new_tokens": 10}),
]


class Margins:
    """Watches a model decode and keeps, per item of the batch, the closest call of all its choices."""

    def __init__(self, model, eos: int):
        self.model, self.eos = model, eos

    def __enter__(self):
        top_k, finished = self.model._get_top_k_continuations, self.model._update_finished_beams
        self.beam: list[torch.Tensor] = []

        def watched_top_k(_, accumulated_log_probs, num_beams, **rest):
            self.beam.append(self._of_candidates(accumulated_log_probs, num_beams))
            return top_k(accumulated_log_probs=accumulated_log_probs, num_beams=num_beams, **rest)

        def watched_finished(_, **arguments):
            result = finished(**arguments)
            scores = result[1]
            gaps = (scores[:, :-1] - scores[:, 1:]).abs()
            self.beam.append(torch.where(scores[:, 1:] > -1e8, gaps, 9.0).amin(-1))
            return result

        self.model._get_top_k_continuations = types.MethodType(watched_top_k, self.model)
        self.model._update_finished_beams = types.MethodType(watched_finished, self.model)
        return self

    def __exit__(self, *_):
        del self.model._get_top_k_continuations, self.model._update_finished_beams

    def _of_candidates(self, log_probs: torch.Tensor, beams: int) -> torch.Tensor:
        """Two lines are drawn through the sorted candidates: who may finish, and who runs on."""
        vocabulary = log_probs.shape[-1] // beams
        best, ids = log_probs.topk(2 * beams + 2)
        may_finish = best[:, beams - 1] - best[:, beams]
        running = torch.where(ids % vocabulary == self.eos, -1e9, best).sort(descending=True).values
        return torch.minimum(may_finish, running[:, beams - 1] - running[:, beams])

    def of_beams(self) -> torch.Tensor:
        return torch.stack(self.beam).amin(0)


def greedy_margins(scores: tuple[torch.Tensor, ...], tokens: torch.Tensor, eos: int) -> torch.Tensor:
    """Per item the least distance of the best from the second token until its end. `scores`: steps of (batch, vocab)."""
    least = torch.full(tokens.shape[:1], 9.0)
    open_ = torch.ones(tokens.shape[:1], dtype=torch.bool)
    for step, logits in enumerate(scores):
        best = logits.log_softmax(-1).topk(2).values
        least = torch.where(open_, torch.minimum(least, best[:, 0] - best[:, 1]), least)
        open_ = open_ & (tokens[:, step] != eos)
    return least


@torch.no_grad()
def generate(model, run: Run, eos: int, prompt: int, inputs: dict) -> tuple[list[list[dict]], torch.Tensor]:
    """Per item its hypotheses (generated ids without prompt and padding, score), and the closest call.

    `model` generates with `inputs`; `prompt` ids come first in what it returns.
    """
    with Margins(model, eos) as margins:
        out = model.generate(**inputs, **run.arguments, do_sample=False, return_dict_in_generate=True, output_scores=True)
    sequences = out.sequences[:, prompt:]
    if run.beams == 1:
        return [[{"ids": _cut(s, eos)}] for s in sequences], greedy_margins(out.scores, sequences, eos)
    each = run.arguments["num_return_sequences"]
    rows = [{"ids": _cut(s, eos), "score": score.item()} for s, score in zip(sequences, out.sequences_scores)]
    return [rows[i : i + each] for i in range(0, len(rows), each)], margins.of_beams()


def _cut(ids: torch.Tensor, eos: int) -> list[int]:
    """Up to and with the end token."""
    ids = ids.tolist()
    return ids[: ids.index(eos) + 1] if eos in ids else ids


def clear_items(model, eos: int, prompt: int, inputs: dict, wanted: int) -> tuple[list[int], dict]:
    """The first `wanted` items of the batch that every run decides clearly, and what the runs gave for them.

    The items are run again by themselves: what is written comes from one padded batch of exactly them.
    """
    greedy, least = generate(model, RUNS[0], eos, prompt, inputs)
    clear = [i for i, (item, gap) in enumerate(zip(greedy, least)) if gap > MARGIN and _talks(item[0]["ids"])][:16]
    for run in RUNS[1:]:
        if len(clear) < wanted:
            return clear, {}
        _, least = generate(model, run, eos, prompt, select(inputs, clear))
        clear = [i for i, gap in zip(clear, least) if gap > MARGIN]
    clear = clear[:wanted]
    results = {run.name: generate(model, run, eos, prompt, select(inputs, clear))[0] for run in RUNS}
    return clear, results if len(clear) == wanted else {}


def select(inputs: dict, items: list[int]) -> dict:
    return {name: value[items] if torch.is_tensor(value) else value for name, value in inputs.items()}


def _talks(ids: list[int]) -> bool:
    """Random weights tend to repeat one token; such an item says little."""
    return len(set(ids)) >= min(8, len(ids) - 2)


def varied(results: dict) -> bool:
    """Some hypotheses end early, some run on, and every length penalty is seen over forty steps."""
    longest = {name: max(len(h["ids"]) for item in items for h in item) for name, items in results.items()}
    ran_on = ("greedy", "beam5-penalty1", "beam5-penalty0", "beam5-penalty-1-min-length")
    shortest = min(len(h["ids"]) for item in results["beam5-penalty-1"] for h in item)
    return shortest < 15 and all(longest[name] >= 40 for name in ran_on)


def as_json(results: dict) -> list[dict]:
    return [{"name": run.name, **run.arguments, "outputs": results[run.name]} for run in RUNS]
