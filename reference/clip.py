"""Tiny CLIPs in Hugging Face and open_clip naming, and their outputs."""

import copy
from dataclasses import dataclass
from pathlib import Path

import open_clip
import torch
from transformers import CLIPConfig, CLIPModel
from transformers.activations import ACT2FN
from transformers.models.clip.modeling_clip import CLIPMLP

from .draw import BITE, Liveliness, PreActivations, Spread, draw, median_attention, movement
from .files import folder_ready, write_json, write_tensors
from .open_clip_names import open_clip_names
from .toy_tokenizers import clip_tokenizer

OPENAI_MEAN = [0.48145466, 0.4578275, 0.40821073]
OPENAI_STD = [0.26862954, 0.26130258, 0.27577711]
CONTEXT = 24
TEXTS = [
    "a photo of a dog",
    "dog",
    "a photo of a red bicycle leaning against a stone wall",
    "snow covers the roof, isn't it?",
    "",
]

RECIPE = [
    ("logit_scale", Spread(4.2, 0.1)),
    # As small as in the published models, so that the layer norm's epsilon counts.
    (r"class_embedding|position_embedding|token_embedding", Spread(0.0, 0.006)),
    ("patch_embedding", Spread(0.0, 0.006, fan_in=True)),
    (r"norm\d?\.weight", Spread(1.0, 0.25)),
    (r"norm\d?\.bias", Spread(0.0, 0.3)),
    (r"[qk]_proj\.weight", Spread(0.0, 2.2, fan_in=True)),
    # Most units are nearly off, as in trained models; there the exact and the tanh GELU differ most.
    (r"fc1\.weight", Spread(0.0, 1.4, fan_in=True)),
    (r"fc1\.bias", Spread(-2.0, 0.4)),
    (r"fc2\.weight", Spread(0.0, 12.0, fan_in=True)),
    (r"\.weight", Spread(0.0, 1.0, fan_in=True)),
    (r"\.bias", Spread(0.0, 0.3)),
]
SIBLINGS = {"gelu": "gelu_new", "gelu_new": "gelu", "gelu_pytorch_tanh": "gelu", "quick_gelu": "gelu"}
"""The activation that each is most easily mistaken for."""


@dataclass
class TinyClip:
    """One golden folder."""

    name: str
    seed: int
    """The first to try. What is written here is one that was found good, so that only it is tried."""
    vision_act: str
    text_act: str
    eos: int | None = None
    """`eos_token_id` of the file: 2 means the old rule, the position of the largest id; None, the tokenizer's end."""
    extra_tokens: int = 0
    open_clip: bool = False
    mlp_ratio: float = 4.0
    """Of the vision tower; that of the text tower is 4."""
    dtype: torch.dtype = torch.float32
    vision_heads: int = 2
    head_size: int = 14
    image_size: int = 24
    patch_size: int = 8
    layers: int = 4
    text_width: int = 24
    text_heads: int = 3
    text_layers: int = 4
    embed: int = 24
    mean: tuple = tuple(OPENAI_MEAN)
    std: tuple = tuple(OPENAI_STD)

    @property
    def width(self) -> int:
        return self.vision_heads * self.head_size

    def tokens(self) -> int:
        """Of a picture: the class token and the patches."""
        return (self.image_size // self.patch_size) ** 2 + 1

    def tokenizer(self):
        return clip_tokenizer(extra=self.extra_tokens)

    def texts(self) -> list[str]:
        return TEXTS + (["a dog <extra0> cat", "<extra1>"] if self.extra_tokens else [])

    def config(self) -> dict:
        """`config.json` of the Hugging Face layout, keys as in the published files."""
        vocab = self.tokenizer().get_vocab_size()
        end = self.tokenizer().token_to_id("<|endoftext|>")
        text = {
            "hidden_size": self.text_width, "intermediate_size": 4 * self.text_width,
            "num_attention_heads": self.text_heads, "num_hidden_layers": self.text_layers, "vocab_size": vocab,
            "max_position_embeddings": CONTEXT, "hidden_act": self.text_act, "layer_norm_eps": 1e-05,
            "projection_dim": self.embed, "eos_token_id": end if self.eos is None else self.eos,
            "bos_token_id": end - 1, "pad_token_id": 1, "attention_dropout": 0.0, "dropout": 0.0,
            "initializer_factor": 1.0, "initializer_range": 0.02, "model_type": "clip_text_model", "torch_dtype": None,
        }
        vision = {
            "hidden_size": self.width, "intermediate_size": int(self.width * self.mlp_ratio),
            "num_attention_heads": self.vision_heads, "num_hidden_layers": self.layers,
            "image_size": self.image_size, "patch_size": self.patch_size, "num_channels": 3,
            "hidden_act": self.vision_act, "layer_norm_eps": 1e-05, "projection_dim": self.embed,
            "attention_dropout": 0.0, "dropout": 0.0, "initializer_factor": 1.0, "initializer_range": 0.02,
            "model_type": "clip_vision_model", "torch_dtype": None,
        }
        return {
            "architectures": ["CLIPModel"], "initializer_factor": 1.0, "logit_scale_init_value": 2.6592,
            "model_type": "clip", "projection_dim": self.embed, "text_config": text, "text_config_dict": None,
            "torch_dtype": str(self.dtype).removeprefix("torch."), "transformers_version": None,
            "vision_config": vision, "vision_config_dict": None,
        }

    def open_clip_config(self) -> dict:
        text = {
            "context_length": CONTEXT, "vocab_size": self.tokenizer().get_vocab_size(), "width": self.text_width,
            "heads": self.text_heads, "layers": self.text_layers,
        }
        vision = {
            "image_size": self.image_size, "layers": self.layers, "width": self.width, "head_width": self.head_size,
            "patch_size": self.patch_size,
        }
        if self.mlp_ratio != 4.0:
            vision["mlp_ratio"] = self.mlp_ratio
        model = {"embed_dim": self.embed, "vision_cfg": vision, "text_cfg": text}
        if self.vision_act == "quick_gelu":
            model["quick_gelu"] = True
        return {"model_cfg": model, "preprocess_cfg": {"mean": self.mean, "std": self.std}}

    def pixels(self) -> torch.Tensor:
        generator = torch.Generator().manual_seed(7)
        return 1.5 * torch.randn(6, 3, self.image_size, self.image_size, generator=generator)

    def ids(self) -> tuple[torch.Tensor, list[int]]:
        """(texts, CONTEXT) padded with 0 as open_clip does, or with the end token as OpenAI's CLIP does; lengths."""
        encoded = [self.tokenizer().encode(text).ids for text in self.texts()]
        end = self.tokenizer().token_to_id("<|endoftext|>")
        pad = 0 if self.open_clip else end
        encoded = [ids if len(ids) <= CONTEXT else [*ids[: CONTEXT - 1], end] for ids in encoded]
        rows = [ids + [pad] * (CONTEXT - len(ids)) for ids in encoded]
        return torch.tensor(rows), [len(ids) for ids in encoded]


TINY = [
    TinyClip("clip-quick-gelu", 101000, "quick_gelu", "quick_gelu", eos=2),
    TinyClip("clip-gelu", 102006, "gelu", "gelu", extra_tokens=2, vision_heads=3, head_size=9, dtype=torch.float16),
    TinyClip("clip-gelu-tanh", 103005, "gelu_pytorch_tanh", "gelu_new", eos=2, mean=(0.5,) * 3, std=(0.5,) * 3),
    TinyClip("open-clip-gelu", 104066, "gelu", "gelu", open_clip=True, eos=2, mlp_ratio=4.9231, patch_size=7),
    TinyClip("open-clip-quick-gelu", 105000, "quick_gelu", "quick_gelu", open_clip=True, eos=2, dtype=torch.bfloat16),
]


def drawn(tiny: TinyClip) -> tuple[CLIPModel, str]:
    """A Hugging Face model of the geometry with lively weights, rounded to the type they are stored in."""
    model = CLIPModel._from_config(CLIPConfig(**tiny.config()), attn_implementation="eager").eval()
    for seed in range(tiny.seed, tiny.seed + 500):
        draw(model, RECIPE, seed)
        model.to(tiny.dtype).float()
        lively = liveliness(model, tiny)
        if lively.enough() and activation_counts(model, tiny):
            return model, f"{tiny.name}: seed {seed}, {lively}"
    raise RuntimeError(f"{tiny.name}: no lively weights, last {lively}")


@torch.no_grad()
def liveliness(model: CLIPModel, tiny: TinyClip) -> Liveliness:
    with PreActivations(model) as seen:
        image = model.vision_model(tiny.pixels(), output_attentions=True)
        text = model.text_model(tiny.ids()[0], output_attentions=True)
    return Liveliness(median_attention([*image.attentions, *text.attentions]), *seen.span())


@torch.no_grad()
def features(model: CLIPModel, tiny: TinyClip) -> dict[str, torch.Tensor]:
    return {
        "image_features": model.get_image_features(tiny.pixels()).pooler_output,
        "text_features": model.get_text_features(tiny.ids()[0]).pooler_output,
    }


def activation_counts(model: CLIPModel, tiny: TinyClip) -> bool:
    """Whether the most similar other activation moves both towers far enough to be noticed."""
    expected = features(model, tiny)
    other = copy.deepcopy(model)
    for module in other.modules():
        if isinstance(module, CLIPMLP):
            module.activation_fn = ACT2FN[SIBLINGS[module.config.hidden_act]]
    moved = features(other, tiny)
    return all(movement(expected[name], moved[name]) > BITE for name in expected)


def load(folder: Path) -> CLIPModel:
    """The golden folder as transformers reads it, computing in f32."""
    return CLIPModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()


def load_open_clip(folder: Path) -> open_clip.CLIP:
    """The golden folder as open_clip reads it."""
    model = open_clip.create_model(f"local-dir:{folder.resolve()}", precision="fp32")
    return model.eval()


def write(tiny: TinyClip, root: Path) -> str:
    """Writes the checkpoint and what the reference computes from it; returns a line about the weights."""
    folder = root / tiny.name
    model, report = drawn(tiny)
    tiny.tokenizer().save(str(folder_ready(folder) / "tokenizer.json"))
    if tiny.open_clip:
        write_json(folder / "open_clip_config.json", tiny.open_clip_config())
        weights = {name: t.to(tiny.dtype) for name, t in open_clip_names(model.state_dict()).items()}
        write_tensors(folder / "open_clip_model.safetensors", weights)
        outputs = open_clip_features(load_open_clip(folder), tiny)
    else:
        write_json(folder / "config.json", tiny.config())
        write_json(folder / "preprocessor_config.json", preprocessor(tiny))
        weights = {name: t.to(tiny.dtype) for name, t in model.state_dict().items()}
        # Older files carry these two.
        weights["text_model.embeddings.position_ids"] = torch.arange(CONTEXT)[None]
        weights["vision_model.embeddings.position_ids"] = torch.arange(tiny.tokens())[None]
        write_tensors(folder / "model.safetensors", weights)
        outputs = features(load(folder), tiny)
    ids, lengths = tiny.ids()
    write_tensors(folder / "golden.safetensors", {"pixels": tiny.pixels(), "ids": ids.int(), **outputs})
    write_json(folder / "golden.json", {"texts": tiny.texts(), "lengths": lengths})
    return report


@torch.no_grad()
def open_clip_features(model: open_clip.CLIP, tiny: TinyClip) -> dict[str, torch.Tensor]:
    return {"image_features": model.encode_image(tiny.pixels()), "text_features": model.encode_text(tiny.ids()[0])}


def preprocessor(tiny: TinyClip) -> dict:
    return {
        "crop_size": tiny.image_size, "do_center_crop": True, "do_normalize": True, "do_resize": True,
        "feature_extractor_type": "CLIPFeatureExtractor", "image_mean": tiny.mean, "image_std": tiny.std,
        "resample": 3, "size": tiny.image_size,
    }
