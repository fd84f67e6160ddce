"""Goldens that need no model: tokenizers, T5's buckets, and what may be sampled at given logits."""

import itertools
from pathlib import Path

import torch
from transformers import LogitsProcessorList, MinLengthLogitsProcessor
from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper
from transformers.models.t5.modeling_t5 import T5Attention

from .corpus import PROBES, SENTENCES
from .files import folder_ready, write_json
from .toy_tokenizers import bert_tokenizer, clip_tokenizer, t5_tokenizer

REACH = 600
END = 3


def write_tokenizers(root: Path) -> str:
    """Ids of each text with and without special tokens, and the text of the ids with special tokens skipped."""
    made = {"clip": clip_tokenizer(), "bert": bert_tokenizer(), "t5": t5_tokenizer()}
    for name, tokenizer in made.items():
        folder = folder_ready(root / "tokenizers" / name)
        tokenizer.save(str(folder / "tokenizer.json"))
        cases = []
        for text in PROBES + SENTENCES:
            ids = tokenizer.encode(text).ids
            plain = tokenizer.encode(text, add_special_tokens=False).ids
            cases.append({"text": text, "ids": ids, "plain_ids": plain, "decoded": tokenizer.decode(ids)})
        write_json(folder / "cases.json", cases)
    return f"tokenizers: {len(PROBES + SENTENCES)} texts each"


def write_buckets(root: Path) -> str:
    """T5's buckets of the distances (key minus query) from -600 to 600."""
    distances = torch.arange(-REACH, REACH + 1)
    tables = []
    for buckets, farthest in ((32, 128), (16, 40), (8, 20)):
        for bidirectional in (True, False):
            table = T5Attention._relative_position_bucket(distances, bidirectional, buckets, farthest)
            tables.append({
                "buckets": buckets, "max_distance": farthest, "bidirectional": bidirectional, "table": table.tolist(),
            })
    write_json(root / "t5-buckets.json", {"reach": REACH, "tables": tables})
    return f"t5-buckets: {len(tables)} tables"


def write_sampling(root: Path) -> str:
    """Probabilities after min-length, temperature, top-k and top-p, in transformers' order."""
    plain = 2.0 * torch.randn(40, generator=torch.Generator().manual_seed(7))
    plain[END] = plain.max() + 1.0
    tied = plain.clone()
    tied[[5, 11, 17, 23]] = tied.topk(8).values[-1]  # five tokens share the eighth place
    tables = [
        {"logits": plain.tolist(), "cases": _cases(plain, (1.0, 0.9, 0.5, 0.05))},
        # Which of equal tokens top-p drops is not defined.
        {"logits": tied.tolist(), "cases": _cases(tied, (1.0,))},
    ]
    write_json(root / "sampling.json", {"end": END, "tables": tables})
    return f"sampling: {sum(len(table['cases']) for table in tables)} settings"


def _cases(logits: torch.Tensor, top_ps: tuple) -> list[dict]:
    cases = []
    for temperature, top_k, top_p, barred in itertools.product((1.0, 0.7, 1.8), (0, 1, 8, 10, 50), top_ps, (False, True)):
        case = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "end_barred": barred}
        scores = _processors(**case)(torch.zeros(1, 4, dtype=torch.long), logits[None])
        cases.append(case | {"probabilities": _sparse(scores.softmax(-1)[0])})
    return cases


def _processors(temperature: float, top_k: int, top_p: float, end_barred: bool) -> LogitsProcessorList:
    processors = LogitsProcessorList()
    if end_barred:
        processors.append(MinLengthLogitsProcessor(10, END))
    if temperature != 1.0:
        processors.append(TemperatureLogitsWarper(temperature))
    if top_k:
        processors.append(TopKLogitsWarper(top_k))
    if top_p < 1.0:
        processors.append(TopPLogitsWarper(top_p))
    return processors


def _sparse(probabilities: torch.Tensor) -> list[list]:
    """Pairs of id and probability of the tokens that may be drawn."""
    return [[i, p] for i, p in enumerate(probabilities.tolist()) if p > 0]
