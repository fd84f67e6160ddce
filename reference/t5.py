"""Tiny T5s: the first version (relu, tied head), 1.1 (gated GELU, own head), and files stored in unusual ways."""

import copy
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from transformers import T5Config, T5ForConditionalGeneration
from transformers.activations import ACT2FN
from transformers.models.t5.modeling_t5 import T5DenseActDense, T5DenseGatedActDense

from .corpus import SENTENCES
from .draw import BITE, Liveliness, PreActivations, Spread, draw, median_attention, movement
from .files import folder_ready, read_weights, write_json, write_shards, write_tensors
from .generation import as_json, clear_items, select, varied
from .scoring import log_likelihoods
from .toy_tokenizers import t5_tokenizer

TOKENIZER = t5_tokenizer()
PAD, EOS = 0, 1
SOURCES = ["what is this? a dog", "question: how many people can you see? short answer:", "cat"]
ANSWERS = ["a small brown dog", "two people", "the cat is sleeping on the window"]


@dataclass
class TinyT5:
    """One golden folder."""

    name: str
    seed: int
    """The first to try. What is written here is one that was found good."""
    gated: bool = False
    tied: bool = True
    """`tie_word_embeddings` of the file."""
    scale: bool | None = None
    """`scale_decoder_outputs` of the file; None: absent."""
    own_head: bool = False
    """Whether the file has an `lm_head.weight` of its own."""
    copies: bool = False
    """Whether `shared` is stored only as the stacks' `embed_tokens`."""
    shards: int = 1
    dtype: torch.dtype = torch.float32
    d_model: int = 32
    d_kv: int = 7
    heads: int = 4
    d_ff: int = 64
    layers: int = 3
    decoder_layers: int | None = None
    start: int = PAD

    def config(self) -> dict:
        config = {
            "architectures": ["T5ForConditionalGeneration"], "d_ff": self.d_ff, "d_kv": self.d_kv,
            "d_model": self.d_model, "decoder_start_token_id": self.start, "dropout_rate": 0.1, "eos_token_id": EOS,
            "feed_forward_proj": "gated-gelu" if self.gated else "relu", "initializer_factor": 1.0,
            "is_encoder_decoder": True, "layer_norm_epsilon": 1e-06, "model_type": "t5", "n_positions": 512,
            "num_heads": self.heads, "num_layers": self.layers, "output_past": True, "pad_token_id": PAD,
            "relative_attention_num_buckets": 16, "relative_attention_max_distance": 40, "use_cache": True,
            "vocab_size": TOKENIZER.get_vocab_size() + 4,
        }
        if self.decoder_layers is not None:
            config["num_decoder_layers"] = self.decoder_layers
        if not self.tied:
            config["tie_word_embeddings"] = False
        if self.scale is not None:
            config["scale_decoder_outputs"] = self.scale
        return config

    def scaled(self) -> bool:
        return self.tied if self.scale is None else self.scale

    def recipe(self) -> list[tuple[str, Spread]]:
        # A tied table is also the head, so its rows may not be small; the final norm makes up for the scale.
        table = Spread(0.0, 0.006) if self.own_head else Spread(0.0, 0.05)
        logits = 3.3 * (self.d_model**0.5 if self.scaled() else 1.0)
        final = logits / (1.0 if self.own_head else 0.05 * self.d_model**0.5)
        return [
            ("shared|embed_tokens", table),
            ("lm_head", Spread(0.0, 1.0, fan_in=True)),
            (r"decoder\.final_layer_norm", Spread(final, 0.25 * final)),
            ("layer_norm", Spread(1.0, 0.25)),
            ("relative_attention_bias", Spread(0.0, 1.2)),
            (r"\.(q|k)\.weight", Spread(0.0, 1.1, fan_in=True)),
            (r"\.wi(_0)?\.weight", Spread(0.0, 1.8, fan_in=True)),
            (r"\.wo\.weight", Spread(0.0, 4.0, fan_in=True)),
            (r"\.weight", Spread(0.0, 1.0, fan_in=True)),
        ]


TINY = [
    TinyT5("t5-v1.0", 301001),
    TinyT5("t5-v1.1", 302023, gated=True, tied=False, own_head=True, shards=3, d_kv=9, decoder_layers=2),
    TinyT5("t5-copies", 303048, gated=True, tied=False, scale=True, own_head=True, copies=True, dtype=torch.bfloat16,
           layers=2, start=3),
]


def sources(texts: list[str]) -> dict[str, torch.Tensor]:
    """One padded batch."""
    rows = [TOKENIZER.encode(text).ids for text in texts]
    return padded(rows)


def padded(rows: list[list[int]]) -> dict[str, torch.Tensor]:
    length = max(map(len, rows))
    ids = torch.tensor([row + [PAD] * (length - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (length - len(row)) for row in rows])
    return {"input_ids": ids, "attention_mask": mask}


def forced(tiny: TinyT5) -> tuple[torch.Tensor, list[int]]:
    """Decoder inputs: the start token and the answers, shifted; their lengths."""
    rows = [[tiny.start, *TOKENIZER.encode(text).ids[:-1]] for text in ANSWERS]
    return padded(rows)["input_ids"], [len(row) for row in rows]


def fresh(tiny: TinyT5) -> T5ForConditionalGeneration:
    """transformers 5 ties the head whatever the file says, so an own head is put in as a new parameter."""
    model = T5ForConditionalGeneration._from_config(T5Config(**tiny.config()), attn_implementation="eager").eval()
    if tiny.own_head:
        model.lm_head.weight = nn.Parameter(torch.empty_like(model.shared.weight))
    model.config.scale_decoder_outputs = tiny.scaled()
    return model


@torch.no_grad()
def outputs(model: T5ForConditionalGeneration, tiny: TinyT5) -> dict[str, torch.Tensor]:
    batch = sources(SOURCES)
    out = model(**batch, decoder_input_ids=forced(tiny)[0])
    # What stands at padding means nothing.
    states = out.encoder_last_hidden_state * batch["attention_mask"][:, :, None]
    return {"encoder_states": states, "logits": out.logits}


@torch.no_grad()
def liveliness(model: T5ForConditionalGeneration, tiny: TinyT5) -> Liveliness:
    with PreActivations(model) as seen:
        out = model(**sources(SOURCES), decoder_input_ids=forced(tiny)[0], output_attentions=True)
    maps = [*out.encoder_attentions, *out.decoder_attentions, *out.cross_attentions]
    return Liveliness(median_attention(maps), *seen.span())


def activation_counts(model: T5ForConditionalGeneration, tiny: TinyT5) -> bool:
    expected, other = outputs(model, tiny), copy.deepcopy(model)
    set_activation(other, "gelu")
    return movement(expected["logits"], outputs(other, tiny)["logits"]) > BITE


def set_activation(model: T5ForConditionalGeneration, name: str) -> None:
    for module in model.modules():
        if isinstance(module, (T5DenseActDense, T5DenseGatedActDense)):
            module.act = ACT2FN[name]


def calm(model: T5ForConditionalGeneration, tiny: TinyT5) -> bool:
    """Whether rounding alone stays far below the tolerance: f32 against f64."""
    exact = outputs(copy.deepcopy(model).double(), tiny)
    return all(movement(exact[name].float(), value) < 0.5 for name, value in outputs(model, tiny).items())


def candidates() -> dict[str, torch.Tensor]:
    """Texts of many lengths to generate from, in one padded batch."""
    short = [" ".join(line.split()[:4]) for line in SENTENCES[:12]]
    return sources([text for pair in zip(SENTENCES, short + SENTENCES) for text in pair])


def drawn(tiny: TinyT5) -> tuple[T5ForConditionalGeneration, dict, dict, str]:
    """A lively model, its generations, the batch of these, and a line about it."""
    torch.manual_seed(0)
    model = fresh(tiny)
    head = model.lm_head.weight
    for seed in range(tiny.seed, tiny.seed + 500):
        for end in (1.5, 1.2, 1.8):
            draw(model, tiny.recipe(), seed)
            with torch.no_grad():
                head[EOS] *= end
            model.to(tiny.dtype).float()
            lively = liveliness(model, tiny)
            if not (lively.enough() and activation_counts(model, tiny) and calm(model, tiny)):
                break
            batch = candidates()
            clear, results = clear_items(model, EOS, 1, batch, 3)
            if results and varied(results):
                report = f"{tiny.name}: seed {seed}, end {end}, {lively}"
                return model, results, select(batch, clear), report
    raise RuntimeError(f"{tiny.name}: no seed gives a lively model and clear generations, last {lively}")


def load(folder: Path, tiny: TinyT5) -> T5ForConditionalGeneration:
    """As transformers reads it, with the file's own head, which transformers 5 would tie."""
    model = T5ForConditionalGeneration.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    if tiny.own_head:
        model.lm_head.weight = nn.Parameter(read_weights(folder)["lm_head.weight"].float())
    assert model.config.scale_decoder_outputs == tiny.scaled()
    return model


def weights(model: T5ForConditionalGeneration, tiny: TinyT5) -> dict[str, torch.Tensor]:
    """As the file holds them: tied tables once, or only under the stacks' names."""
    tensors = {name: t.to(tiny.dtype) for name, t in model.state_dict().items() if "embed_tokens" not in name}
    if not tiny.own_head:
        del tensors["lm_head.weight"]
    if tiny.copies:
        shared = tensors.pop("shared.weight")
        tensors |= {f"{stack}.embed_tokens.weight": shared for stack in ("encoder", "decoder")}
    elif tiny.tied:
        # Read by no one, and part of the published first version.
        unused = torch.zeros(16, tiny.heads)
        tensors["decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"] = unused
        tensors["encoder.embed_tokens.weight"] = tensors["shared.weight"]
    return tensors


def write(tiny: TinyT5, root: Path) -> str:
    folder = folder_ready(root / tiny.name)
    model, results, batch, report = drawn(tiny)
    TOKENIZER.save(str(folder / "tokenizer.json"))
    write_json(folder / "config.json", tiny.config())
    write_json(folder / "generation_config.json", {
        "_from_model_config": True, "decoder_start_token_id": tiny.start, "eos_token_id": EOS, "pad_token_id": PAD,
    })
    if tiny.shards > 1:
        write_shards(folder, weights(model, tiny), tiny.shards)
    else:
        write_tensors(folder / "model.safetensors", weights(model, tiny))
    model = load(folder, tiny)
    expected, texts, (ids, lengths) = outputs(model, tiny), sources(SOURCES), forced(tiny)
    write_tensors(folder / "golden.safetensors", {
        "ids": texts["input_ids"].int(), "generation_ids": batch["input_ids"].int(), "forced_ids": ids.int(), **expected,
    })
    targets = [TOKENIZER.encode(text).ids for text in ANSWERS]
    golden = {
        "lengths": texts["attention_mask"].sum(1).tolist(), "forced_lengths": lengths,
        "generation_lengths": batch["attention_mask"].sum(1).tolist(), "runs": as_json(results),
        "scored": [{"ids": t, "log_probs": p} for t, p in zip(targets, log_likelihoods(expected["logits"], targets))],
    }
    write_json(folder / "golden.json", golden)
    return report
