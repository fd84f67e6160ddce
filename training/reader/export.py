"""Writes the trained reader into the crate, as f16 and in the Hugging Face layout.

    python -m reader.export --work WORK [--between FOLDER [--share 0.5]]
"""

import json
import shutil
from pathlib import Path

import torch
from transformers import T5ForConditionalGeneration

import options
import runs

from . import model, tokenizer


def main():
    flags = options.parser(__doc__.splitlines()[0])
    flags.add_argument("--between", type=Path, help="an earlier reader: weights between it and the trained ones")
    flags.add_argument("--share", type=float, default=0.5, help="of the trained weights in those between")
    args = options.parse(flags)
    folder = options.NANO / "reader"
    folder.mkdir(exist_ok=True)
    state = torch.load(args.work / "reader" / "checkpoint.pt", map_location="cpu", weights_only=True)
    words = tokenizer.load(args.work / "reader")
    reader = model.new(words.get_vocab_size())
    reader.load_state_dict(state["mean"])
    if args.between:
        runs.average(reader, T5ForConditionalGeneration.from_pretrained(args.between).float(), args.share)
    reader.half().save_pretrained(folder)
    shutil.copyfile(args.work / "reader" / "tokenizer.json", folder / "tokenizer.json")
    ids = {"decoder_start_token_id": tokenizer.PAD_ID, "eos_token_id": tokenizer.END_ID, "pad_token_id": tokenizer.PAD_ID}
    (folder / "generation_config.json").write_text(json.dumps(ids, indent=2) + "\n")
    _smoke(folder, words)


def _smoke(folder, words):
    """The files alone answer a question."""
    reader = T5ForConditionalGeneration.from_pretrained(folder).float()
    prompt = 'Text in the picture: "Red" (purple) "Green" (red)\nQuestion: Which word is purple?\nShort answer:'
    print(f"{prompt} {model.answers(reader, words, [prompt])[0]}")


if __name__ == "__main__":
    main()
