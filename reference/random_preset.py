"""A preset of full-size random checkpoints (CLIP ViT-L/14, BLIP base, T5 v1.1 base), for timings of whole programs.

`python -m reference.random_preset FOLDER` writes the checkpoints (3.4 GB) and FOLDER/preset.toml; then
`lens --preset FOLDER/preset.toml serve`. Every token has a text, so that captions and answers are texts too.
"""

import json
import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import (
    BlipConfig, BlipForConditionalGeneration, CLIPConfig, CLIPModel, T5Config, T5ForConditionalGeneration,
)

from . import blip
from .clip import OPENAI_MEAN, OPENAI_STD
from .files import folder_ready, write_json, write_tensors
from .toy_tokenizers import bert_tokenizer, clip_tokenizer, t5_tokenizer

CLIP_VOCABULARY, BERT_VOCABULARY, T5_VOCABULARY = 49408, 30522, 32100
TAGS = [f"{size} {colour} {thing}" for size in ("small", "large") for colour in ("red", "blue", "green", "white")
        for thing in ("dog", "house", "boat", "tree", "car")]


def filled(tokenizer: Tokenizer, size: int) -> dict:
    """The tokenizer with made-up words up to `size` tokens."""
    whole = json.loads(tokenizer.to_str())
    vocabulary = whole["model"]["vocab"]
    words = (f"w{i}" for i in range(size - len(vocabulary)))
    if isinstance(vocabulary, list):
        vocabulary += [[f"▁{word}", -30.0] for word in words]
    else:
        vocabulary |= {word: len(vocabulary) + i for i, word in enumerate(list(words))}
    return whole


def write(folder: Path, model: torch.nn.Module, config: dict, tokenizer: dict, left_out: tuple = ()) -> None:
    write_json(folder_ready(folder) / "config.json", config)
    write_tensors(folder / "model.safetensors", {n: t for n, t in model.state_dict().items() if n not in left_out})
    write_json(folder / "tokenizer.json", tokenizer)


def write_clip(folder: Path) -> None:
    tokenizer = clip_tokenizer()
    start, end = (tokenizer.token_to_id(token) for token in ("<|startoftext|>", "<|endoftext|>"))
    text = {"vocab_size": CLIP_VOCABULARY, "hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12,
            "bos_token_id": start, "eos_token_id": end, "projection_dim": 768}
    vision = {"hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16,
              "patch_size": 14, "projection_dim": 768}
    config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=768)
    write(folder, CLIPModel(config), config.to_dict(), json.loads(tokenizer.to_str()))
    write_json(folder / "preprocessor_config.json", {
        "crop_size": 224, "do_center_crop": True, "do_normalize": True, "do_resize": True, "image_mean": OPENAI_MEAN,
        "image_std": OPENAI_STD, "resample": 3, "size": 224, "feature_extractor_type": "CLIPFeatureExtractor",
    })


def write_blip(folder: Path) -> None:
    config = blip.config()
    config["text_config"] |= {
        "vocab_size": BERT_VOCABULARY + 2, "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12,
        "num_attention_heads": 12, "max_position_embeddings": 512, "projection_dim": 768,
        "bos_token_id": BERT_VOCABULARY, "encoder_hidden_size": 768,
    }
    config["vision_config"] |= {
        "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12,
        "image_size": 384, "patch_size": 16,
    }
    model = BlipForConditionalGeneration._from_config(BlipConfig(**config), attn_implementation="eager")
    write(folder, model, config, filled(bert_tokenizer(), BERT_VOCABULARY))
    size = {"height": 384, "width": 384}
    write_json(folder / "preprocessor_config.json", blip.preprocessor() | {"size": size})


def write_t5(folder: Path) -> None:
    config = T5Config(
        vocab_size=32128, d_model=768, d_kv=64, d_ff=2048, num_layers=12, num_heads=12, feed_forward_proj="gated-gelu",
        tie_word_embeddings=False, decoder_start_token_id=0,
    )
    model = T5ForConditionalGeneration(config)
    copies = ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight")
    write(folder, model, config.to_dict(), filled(t5_tokenizer(), T5_VOCABULARY), copies)


def main(folder: Path) -> None:
    torch.manual_seed(0)
    write_clip(folder / "clip")
    write_blip(folder / "blip")
    write_t5(folder / "t5")
    (folder / "tags.txt").write_text("\n".join(TAGS) + "\n")
    parts = {"clip": "clip", "blip": "blip", "llm": "t5", "tags": "tags.txt"}
    lines = [f'[parts.{role}]\npath = "{(folder / name).resolve()}"\n' for role, name in parts.items()]
    (folder / "preset.toml").write_text('about = "random weights of full size"\n\n' + "\n".join(lines))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
