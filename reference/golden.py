"""Writes every golden: `python -m reference.golden [FOLDER]` (default: `golden/`)."""

import sys
from pathlib import Path

import torch
import transformers

from . import blip, clip, preprocess, rounding, small_tables, t5, vqa_accuracy


def main() -> None:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent / "golden")
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    for write in (preprocess.write, small_tables.write_tokenizers, small_tables.write_buckets,
                  small_tables.write_sampling, vqa_accuracy.write):
        print(write(root), flush=True)
    for tiny in clip.TINY:
        print(clip.write(tiny, root), flush=True)
    print(blip.write(root), flush=True)
    for tiny in t5.TINY:
        print(t5.write(tiny, root), flush=True)
    print(rounding.write(root), flush=True)


if __name__ == "__main__":
    main()
