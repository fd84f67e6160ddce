"""Writes the trained CLIP (its averaged weights) as f16 in the Hugging Face layout, and measures what was written.

    python -m vision.export --data PACK --work WORK [--clean] [--to FOLDER]

After CLIP has changed: `cargo run --release -p lens-vision --example nano_vocabulary`, then `evidence.py` and the reader.
"""

import json
import shutil
from pathlib import Path

import torch
from transformers import CLIPImageProcessor, CLIPModel

import options

from . import clip, clip_tokens, data, measure


def processor(side: int) -> CLIPImageProcessor:
    """Pictures are squashed, so nothing at the border is lost."""
    return CLIPImageProcessor(size={"height": side, "width": side}, resample=3, do_center_crop=False)


def main():
    flags = options.parser(__doc__.splitlines()[0])
    flags.add_argument("--clean", action="store_true", help="the variant of Caltech-101 and drawn scenes only")
    flags.add_argument("--to", type=Path, default=options.NANO / "clip", help="folder")
    args = options.parse(flags)
    work = args.work / ("clip-clean" if args.clean else "clip")
    tokens = clip_tokens.Tokens(work / "tokenizer.json")
    model = clip.new_model(tokens)
    model.load_state_dict(torch.load(work / "checkpoint.pt", map_location="cpu", weights_only=True)["mean"])
    args.to.mkdir(parents=True, exist_ok=True)
    model.half().save_pretrained(args.to)
    shutil.copyfile(work / "tokenizer.json", args.to / "tokenizer.json")
    side = model.config.vision_config.image_size
    written = json.loads(processor(side).to_json_string())
    (args.to / "preprocessor_config.json").write_text(json.dumps(written, indent=2) + "\n")
    kept = CLIPModel.from_pretrained(args.to, attn_implementation="eager").float()
    print(json.dumps(measure.clip(clip.Towers(kept, tokens), args, data.vocabulary(args).tags, side)))


if __name__ == "__main__":
    main()
