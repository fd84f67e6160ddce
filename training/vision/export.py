"""Writes a trained CLIP (its averaged weights) or BLIP as f16 in the Hugging Face layout, and measures what was written.

    python -m vision.export clip|blip --data PACK --work WORK [--kept] [--between FOLDER] [--clean] [--to FOLDER]

After CLIP has changed: `cargo run --release -p lens-vision --example nano_vocabulary`, then `evidence.py` and the reader.
"""

import copy
import json
import shutil
from pathlib import Path

import torch
from transformers import BlipForConditionalGeneration, BlipImageProcessor, CLIPImageProcessor, CLIPModel

import options
import runs

from . import blip, blip_tokens, clip, clip_tokens, data, measure, told, warm_start


def write(model, name: str, processor, tokenizer: Path, to: Path) -> None:
    """Pictures are squashed, so nothing at the border is lost."""
    to.mkdir(parents=True, exist_ok=True)
    model.half().save_pretrained(to)
    shutil.copyfile(tokenizer, to / "tokenizer.json")
    (to / "preprocessor_config.json").write_text(json.dumps(json.loads(processor.to_json_string()), indent=2) + "\n")
    print(f"{name}: {sum(file.stat().st_size for file in to.iterdir()) / 1e6:.1f} MB in {to}")


def export_clip(args, work: Path, state: dict) -> dict:
    tokens = clip_tokens.Tokens(work / "tokenizer.json")
    model = clip.new_model(tokens)
    model.load_state_dict(state["mean"])
    side = model.config.vision_config.image_size
    if args.between:
        earlier = CLIPModel.from_pretrained(args.between).float()
        warm_start.resize_clip(earlier, side)
        runs.average(model, earlier, args.share)
    processor = CLIPImageProcessor(size={"height": side, "width": side}, resample=3, do_center_crop=False)
    write(model, "CLIP", processor, work / "tokenizer.json", args.to)
    kept = CLIPModel.from_pretrained(args.to, attn_implementation="eager").float()
    return measure.clip(clip.Towers(kept, tokens), args, data.vocabulary(args).tags, side)


def add_kept(model, paths: list[Path]) -> None:
    """The plain mean of the trained weights and those that were kept on the way."""
    if not paths:
        raise SystemExit("--kept: no mean-*.pt in the folder of the run; train with a smaller --report-every")
    earlier = copy.deepcopy(model)
    for number, path in enumerate(paths, 1):
        earlier.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
        runs.average(model, earlier, number / (number + 1))


def export_blip(args, work: Path, state: dict) -> dict:
    tokens = blip_tokens.Tokens(work / "tokenizer.json")
    model = blip.new_model(tokens.size)
    model.load_state_dict(state["mean"])
    if args.kept:
        add_kept(model, sorted(work.glob("mean-*.pt")))
    if args.between:
        earlier = BlipForConditionalGeneration.from_pretrained(args.between).float()
        warm_start.resize_blip(earlier, told.SIZE)
        runs.average(model, earlier, args.share)
    model.generation_config.num_beams, model.generation_config.length_penalty = 5, blip.LENGTH_PENALTY
    processor = BlipImageProcessor(size={"height": told.SIZE, "width": told.SIZE}, resample=3)
    write(model, "BLIP", processor, work / "tokenizer.json", args.to)
    kept = BlipForConditionalGeneration.from_pretrained(args.to, attn_implementation="eager").float()
    return blip.measure(kept, tokens, args, args.limit)


def main():
    flags = options.parser(__doc__.splitlines()[0])
    flags.add_argument("model", choices=("clip", "blip"))
    flags.add_argument("--clean", action="store_true", help="the variant of Caltech-101 and drawn scenes only")
    flags.add_argument("--limit", type=int, default=1000, help="photographs that BLIP is measured on")
    flags.add_argument("--kept", action="store_true", help="of BLIP: the mean of the trained weights and of all that were kept while it trained")
    flags.add_argument("--between", type=Path, help="an earlier model: weights between it and the trained ones. What both know stays, what is chance in either goes")
    flags.add_argument("--share", type=float, default=0.5, help="of the trained weights in those between")
    flags.add_argument("--to", type=Path, help="folder; the crate's if it is left out")
    args = options.parse(flags)
    args.to = args.to or options.NANO / args.model
    if args.kept and args.model == "clip":
        raise SystemExit("--kept: only BLIP's training keeps averages on its way")
    work = args.work / (args.model + ("-clean" if args.clean else ""))
    state = torch.load(work / "checkpoint.pt", map_location="cpu", weights_only=True)
    export = {"clip": export_clip, "blip": export_blip}[args.model]
    print(json.dumps(export(args, work, state)))


if __name__ == "__main__":
    main()
