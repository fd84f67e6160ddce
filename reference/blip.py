"""A tiny BLIP captioner and its outputs. Its special ids are its own: none is where BERT's vocabulary has it."""

import copy
from pathlib import Path

import torch
from transformers import BlipConfig, BlipForConditionalGeneration
from transformers.activations import ACT2FN

from .clip import OPENAI_MEAN, OPENAI_STD
from .draw import BITE, Liveliness, PreActivations, Spread, draw, median_attention, movement
from .files import folder_ready, write_json, write_tensors
from .generation import as_json, clear_items, varied
from .scoring import log_likelihoods
from .toy_tokenizers import bert_tokenizer

NAME = "blip"
SEED = 201002
"""The first to try: one that was found good."""
PROMPT = "a picture of"
IMAGE, PATCH = 28, 8
TOKENIZER = bert_tokenizer()
SEP, PAD = TOKENIZER.token_to_id("[SEP]"), TOKENIZER.token_to_id("[PAD]")
DEC = TOKENIZER.get_vocab_size()
CAPTIONS = ["a picture of a dog", "a picture of two people near the river", "a picture of the"]

RECIPE = [
    (r"word_embeddings\.weight", Spread(0.0, 0.02)),
    (r"text_decoder.*position_embeddings", Spread(0.0, 0.03)),
    (r"class_embedding|position_embedding", Spread(0.0, 0.006)),
    ("patch_embedding.weight", Spread(0.0, 0.006, fan_in=True)),
    ("patch_embedding.bias", Spread(0.0, 0.006)),
    (r"predictions\.transform\.LayerNorm\.weight", Spread(28.0, 6.0)),
    (r"predictions\.transform\.LayerNorm\.bias", Spread(0.0, 6.0)),
    (r"predictions\.(decoder\.)?bias", Spread(0.0, 0.7)),
    (r"(norm\d?|LayerNorm)\.weight", Spread(1.0, 0.25)),
    (r"(norm\d?|LayerNorm)\.bias", Spread(0.0, 0.3)),
    (r"(qkv|query|key)\.weight", Spread(0.0, 2.0, fan_in=True)),
    (r"(fc1|intermediate\.dense|transform\.dense)\.weight", Spread(0.0, 1.4, fan_in=True)),
    (r"(fc1|intermediate\.dense|transform\.dense)\.bias", Spread(-1.8, 0.4)),
    (r"fc2\.weight", Spread(0.0, 12.0, fan_in=True)),
    (r"layer\.\d+\.output\.dense\.weight", Spread(0.0, 3.0, fan_in=True)),
    (r"\.weight", Spread(0.0, 1.0, fan_in=True)),
    (r"\.bias", Spread(0.0, 0.3)),
]


def config() -> dict:
    text = {
        "vocab_size": DEC + 2, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 3,
        "num_attention_heads": 4, "max_position_embeddings": 64, "hidden_act": "gelu", "layer_norm_eps": 1e-12,
        "projection_dim": 32, "bos_token_id": DEC, "eos_token_id": 2, "pad_token_id": PAD, "sep_token_id": SEP,
        "is_decoder": True, "use_cache": True, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0,
        "initializer_factor": 1.0, "initializer_range": 0.02, "model_type": "blip_text_model", "torch_dtype": None,
        "encoder_hidden_size": 26,
    }
    vision = {
        "hidden_size": 26, "intermediate_size": 104, "num_hidden_layers": 4, "num_attention_heads": 2,
        "image_size": IMAGE, "patch_size": PATCH, "hidden_act": "gelu", "layer_norm_eps": 1e-05, "num_channels": 3,
        "projection_dim": 32, "attention_dropout": 0.0, "dropout": 0.0, "initializer_factor": 1.0,
        "initializer_range": 0.02, "model_type": "blip_vision_model", "torch_dtype": None,
    }
    return {
        "architectures": ["BlipForConditionalGeneration"], "image_text_hidden_size": 256, "initializer_factor": 1.0,
        "logit_scale_init_value": 2.6592, "model_type": "blip", "projection_dim": 32, "text_config": text,
        "torch_dtype": "float32", "transformers_version": None, "vision_config": vision,
    }


def preprocessor() -> dict:
    return {
        "do_normalize": True, "do_resize": True, "image_mean": OPENAI_MEAN, "image_processor_type": "BlipImageProcessor",
        "image_std": OPENAI_STD, "processor_class": "BlipProcessor", "size": {"height": IMAGE, "width": IMAGE},
        "size_divisor": 32, "do_pad": True,
    }


def pictures(count: int) -> torch.Tensor:
    return 1.5 * torch.randn(count, 3, IMAGE, IMAGE, generator=torch.Generator().manual_seed(201001))


def forced(texts: list[str]) -> tuple[torch.Tensor, list[int]]:
    """Decoder inputs that begin with [DEC], padded; their lengths."""
    rows = [[DEC, *TOKENIZER.encode(text).ids[1:-1]] for text in texts]
    length = max(map(len, rows))
    return torch.tensor([row + [PAD] * (length - len(row)) for row in rows]), [len(row) for row in rows]


def prompt_ids() -> list[int]:
    """What generation starts from: [DEC] in the place of [CLS], the last [SEP] dropped."""
    return [DEC, *TOKENIZER.encode(PROMPT).ids[1:-1]]


@torch.no_grad()
def outputs(model: BlipForConditionalGeneration) -> dict[str, torch.Tensor]:
    states = model.vision_model(pictures(len(CAPTIONS)).to(model.dtype)).last_hidden_state
    ids, _ = forced(CAPTIONS)
    logits = model.text_decoder(ids, encoder_hidden_states=states).logits
    return {"vision_states": states, "logits": logits}


@torch.no_grad()
def liveliness(model: BlipForConditionalGeneration) -> Liveliness:
    pixels, (ids, _) = pictures(len(CAPTIONS)), forced(CAPTIONS)
    with PreActivations(model) as seen:
        image = model.vision_model(pixels, output_attentions=True)
        text = model.text_decoder(ids, encoder_hidden_states=image.last_hidden_state, output_attentions=True)
    maps = [*image.attentions, *text.attentions, *text.cross_attentions]
    return Liveliness(median_attention(maps), *seen.span())


def activation_counts(model: BlipForConditionalGeneration) -> bool:
    expected, other = outputs(model), copy.deepcopy(model)
    for module in other.modules():
        for name in ("activation_fn", "intermediate_act_fn", "transform_act_fn"):
            if hasattr(module, name):
                setattr(module, name, ACT2FN["gelu_new"])
    moved = outputs(other)
    return movement(expected["logits"], moved["logits"]) > BITE


def calm(model: BlipForConditionalGeneration) -> bool:
    """Whether rounding alone stays far below the tolerance: f32 against f64."""
    exact = outputs(copy.deepcopy(model).double())
    return all(movement(exact[name].float(), value) < 0.5 for name, value in outputs(model).items())


def set_end(model: BlipForConditionalGeneration, bias: float) -> None:
    """How likely captions end is set by the end token's bias alone; [DEC] and the pad token are never drawn."""
    with torch.no_grad():
        own = model.text_decoder.cls.predictions.decoder.bias
        own[SEP], own[PAD], own[DEC] = bias, -9.0, -9.0


def drawn() -> tuple[BlipForConditionalGeneration, dict, torch.Tensor, str]:
    """A lively model, its generations, the pictures of these, and a line about it."""
    torch.manual_seed(0)
    model = BlipForConditionalGeneration._from_config(BlipConfig(**config()), attn_implementation="eager").eval()
    for seed in range(SEED, SEED + 500):
        draw(model, RECIPE, seed)
        lively = liveliness(model)
        if not (lively.enough() and activation_counts(model) and calm(model)):
            continue
        for bias in (3.0, 2.5, 3.5):
            set_end(model, bias)
            pixels = pictures(32)
            clear, results = clear_items(model.text_decoder, SEP, len(prompt_ids()), decoder_inputs(model, pixels), 3)
            if results and varied(results):
                return model, results, pixels[clear], f"{NAME}: seed {seed}, end bias {bias}, {lively}"
    raise RuntimeError(f"{NAME}: no seed gives a lively model and clear generations, last {lively}")


@torch.no_grad()
def decoder_inputs(model: BlipForConditionalGeneration, pixels: torch.Tensor) -> dict:
    """What `BlipForConditionalGeneration.generate` hands to its decoder; `write` checks that it is the same."""
    states = model.vision_model(pixels).last_hidden_state
    ids = torch.tensor([prompt_ids()] * len(pixels))
    return {
        "input_ids": ids, "attention_mask": torch.ones_like(ids), "encoder_hidden_states": states,
        "encoder_attention_mask": torch.ones(states.shape[:2], dtype=torch.long),
        "eos_token_id": SEP, "pad_token_id": PAD,
    }


def load(folder: Path) -> BlipForConditionalGeneration:
    return BlipForConditionalGeneration.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()


def write(root: Path) -> str:
    folder = folder_ready(root / NAME)
    model, results, pixels, report = drawn()
    TOKENIZER.save(str(folder / "tokenizer.json"))
    write_json(folder / "config.json", config())
    write_json(folder / "preprocessor_config.json", preprocessor())
    weights = model.state_dict()
    # Older files carry these; the copies of tied weights are equal.
    weights["text_decoder.bert.embeddings.position_ids"] = torch.arange(64)[None]
    weights["text_decoder.cls.predictions.decoder.bias"] = weights["text_decoder.cls.predictions.bias"]
    write_tensors(folder / "model.safetensors", weights)
    model = load(folder)
    check_prompt(model, pixels, results)
    expected = outputs(model)
    ids, lengths = forced(CAPTIONS)
    write_tensors(
        folder / "golden.safetensors",
        {"pixels": pictures(len(CAPTIONS)), "generation_pixels": pixels, "forced_ids": ids.int(), **expected},
    )
    targets = [TOKENIZER.encode(text).ids[1:-1] + [SEP] for text in CAPTIONS]
    golden = {
        "prompt": PROMPT, "prompt_ids": prompt_ids(), "forced_lengths": lengths, "runs": as_json(results),
        "scored": [{"ids": t, "log_probs": p} for t, p in zip(targets, log_likelihoods(expected["logits"], targets))],
        "texts": [TOKENIZER.decode(item[0]["ids"], skip_special_tokens=True) for item in results["greedy"]],
    }
    write_json(folder / "golden.json", golden)
    return report


@torch.no_grad()
def check_prompt(model: BlipForConditionalGeneration, pixels: torch.Tensor, results: dict) -> None:
    """The published `generate`, given the tokenized prompt, gives what the decoder alone gave."""
    ids = torch.tensor([TOKENIZER.encode(PROMPT).ids] * len(pixels))
    out = model.generate(pixels, ids, max_new_tokens=46, do_sample=False)
    for row, item in zip(out, results["greedy"]):
        found = row[len(prompt_ids()) :].tolist()[: len(item[0]["ids"])]
        assert found == item[0]["ids"], "BlipForConditionalGeneration.generate differs from its decoder"
