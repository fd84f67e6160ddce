"""Writes the trained pair into the crate as ONNX files that ocrs loads, with the alphabet beside them.

    pip install onnx onnxscript && python -m ocr.export --work WORK
"""

from pathlib import Path

import torch
from torch import nn

import options

from . import page
from .detector import SIDE, Detector
from .recogniser import HEIGHT, Recogniser


def trained(work: Path, name: str, model: nn.Module) -> nn.Module:
    state = torch.load(work / name / "checkpoint.pt", map_location="cpu", weights_only=True)
    model.load_state_dict(state["model"])
    return model.eval()


def write(model: nn.Module, example: torch.Tensor, path: Path, dynamic: dict | None) -> None:
    program = torch.onnx.export(model, (example,), dynamic_shapes=dynamic, dynamo=True, input_names=["image"], output_names=["output"])
    program.save(path, include_initializers=True, external_data=False)


def main():
    args = options.parse(options.parser(__doc__.splitlines()[0]))
    folder = options.NANO / "ocr"
    folder.mkdir(exist_ok=True)
    write(trained(args.work, "ocr-detector", Detector()), torch.zeros(1, 1, SIDE, SIDE), folder / "detection.onnx", None)
    shape = ({0: torch.export.Dim("lines"), 3: torch.export.Dim("width", min=50, max=2400)},)
    write(trained(args.work, "ocr-recogniser", Recogniser()), torch.zeros(2, 1, HEIGHT, 200), folder / "recognition.onnx", shape)
    (folder / "alphabet.txt").write_text(page.ALPHABET)


if __name__ == "__main__":
    main()
