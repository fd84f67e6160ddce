"""The models of the benchmark: published sizes, random weights, saved as the published checkpoints are."""

import shutil
from pathlib import Path

import open_clip
import torch
from safetensors.torch import load_file
from transformers import BlipConfig, BlipForConditionalGeneration, CLIPConfig, CLIPModel, T5Config
from transformers import T5ForConditionalGeneration

from .clip import OPENAI_MEAN, OPENAI_STD
from .files import write_json, write_tensors

# Tokenizers are taken from the tiny models: speed does not depend on the words.
TINY = Path("golden")


def clip_large() -> CLIPModel:
    text = dict(hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12, hidden_act="quick_gelu")
    vision = dict(hidden_size=1024, intermediate_size=4096, num_hidden_layers=24, num_attention_heads=16, patch_size=14,
                  hidden_act="quick_gelu")
    return CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=768))


def blip_large() -> BlipForConditionalGeneration:
    text = dict(hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072, vocab_size=30524,
                encoder_hidden_size=1024)
    vision = dict(hidden_size=1024, intermediate_size=4096, num_hidden_layers=24, num_attention_heads=16, image_size=384,
                  patch_size=16)
    return BlipForConditionalGeneration(BlipConfig(text_config=text, vision_config=vision))


def flan_t5_base() -> T5ForConditionalGeneration:
    return T5ForConditionalGeneration(T5Config(
        vocab_size=32128, d_model=768, d_kv=64, d_ff=2048, num_layers=12, num_heads=12, feed_forward_proj="gated-gelu",
        tie_word_embeddings=False, decoder_start_token_id=0))


MODELS = {
    # name: (builder, class, tiny model with a tokenizer)
    "clip-large": (clip_large, CLIPModel, "clip-quick-gelu"),
    "blip-large": (blip_large, BlipForConditionalGeneration, "blip"),
    "flan-t5-base": (flan_t5_base, T5ForConditionalGeneration, "t5-v1.1"),
}
OPEN_CLIP = "ViT-H-14"


def prepare(folder: Path, name: str) -> None:
    """Writes the checkpoint below `folder`, unless it is there."""
    if (folder / name / "done").exists():
        return
    torch.manual_seed(0)
    if name == OPEN_CLIP:
        tensors, tiny = open_clip.create_model(OPEN_CLIP).state_dict(), "open-clip-gelu"
        preprocess = {"mean": OPENAI_MEAN, "std": OPENAI_STD}
        published = {"model_cfg": open_clip.get_model_config(OPEN_CLIP), "preprocess_cfg": preprocess}
        write_json(folder / name / "open_clip_config.json", published)
        write_tensors(folder / name / "open_clip_model.safetensors", tensors)
    else:
        build, _, tiny = MODELS[name]
        model = build()
        model.config.save_pretrained(folder / name)
        write_tensors(folder / name / "model.safetensors", model.state_dict())
    for file in (TINY / tiny).iterdir():
        if "token" in file.name or file.name in ("vocab.json", "vocab.txt", "merges.txt", "preprocessor_config.json"):
            shutil.copy(file, folder / name)
    (folder / name / "done").touch()


def load(folder: Path, name: str, dtype: torch.dtype) -> torch.nn.Module:
    """The model as its library loads it; of open_clip without drawing weights first, which would only cost time."""
    if name != OPEN_CLIP:
        return MODELS[name][1].from_pretrained(folder / name, dtype=dtype).eval()
    with torch.device("meta"):
        model = open_clip.create_model(OPEN_CLIP, device="meta")
    model.load_state_dict(load_file(folder / name / "open_clip_model.safetensors"), assign=True)
    model.attn_mask = None  # it is no weight, so it stayed on no device; only the text tower reads it
    return model.eval().to(dtype)
