"""The options that every command here has."""

import argparse
import os
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parent.parent
NANO = ROOT / "crates" / "lens-nano"
VOCAB = NANO / "vocab"


def parser(description: str) -> argparse.ArgumentParser:
    """`--data` is the training pack, `--work` the folder for checkpoints, logs and intermediate files."""
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    options.add_argument("--data", type=Path, default=os.environ.get("LENS_NANO_DATA"), help="the training pack")
    options.add_argument("--work", type=Path, default=os.environ.get("LENS_NANO_WORK", "work"), help="checkpoints")
    options.add_argument("--threads", type=int, default=1, help="more help only on an idle machine")
    options.add_argument("--seed", type=int, default=0)
    return options


def parse(options: argparse.ArgumentParser) -> argparse.Namespace:
    args = options.parse_args()
    args.work = Path(args.work)
    args.work.mkdir(parents=True, exist_ok=True)
    args.data = args.data and Path(args.data)
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    return args
