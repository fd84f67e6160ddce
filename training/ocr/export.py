"""Writes the trained pair into the crate as ONNX files that ocrs loads, with the alphabet and a list of words beside them.

    python -m ocr.export --work WORK [--between FOLDER]

Weights are stored as f16 and widened where they are used. `--between` takes the mean of the trained weights and those of
an exported pair: that which they began from, or one that began there, too.
"""

import copy
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

import options
import runs

from . import wording
from .detector import SIDE, Detector
from .fusion import fused, weights
from .recogniser import Recogniser
from .strip import HEIGHT

LARGE = 256  # numbers; smaller tensors stay in f32


def trained(work: Path, name: str, model: nn.Module) -> nn.Module | None:
    """None if there is no such run: what the folder holds then stays."""
    checkpoint = work / name / "checkpoint.pt"
    if not checkpoint.exists():
        print(f"{name}: no run in {work}, not written")
        return None
    model.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True)["model"])
    return fused(model.eval())


def halfway(model: nn.Module, path: Path) -> None:
    earlier = copy.deepcopy(model)
    earlier.load_state_dict(weights(path))
    runs.average(model, earlier, 0.5)


def write(model: nn.Module, example: torch.Tensor, path: Path, dynamic: dict | None) -> None:
    program = torch.onnx.export(model, (example,), dynamic_shapes=dynamic, dynamo=True, input_names=["image"], output_names=["output"])
    program.save(path, include_initializers=True, external_data=False)
    onnx.save(halved(onnx.load(path)), path)


def halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """The large weights as f16, each with a Cast to f32 after it."""
    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < LARGE:
            continue
        name, numbers = tensor.name, numpy_helper.to_array(tensor)
        tensor.CopyFrom(numpy_helper.from_array(numbers.astype(np.float16), f"{name}.f16"))
        casts.append(helper.make_node("Cast", [f"{name}.f16"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    for names in (model.graph.value_info, model.graph.metadata_props, model.metadata_props):
        del names[:]
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    onnx.checker.check_model(model)
    return model


def main():
    flags = options.parser(__doc__.splitlines()[0])
    flags.add_argument("--to", type=Path, default=options.NANO / "ocr", help="folder")
    flags.add_argument("--between", type=Path, help="folder of an earlier pair: weights half way between it and the trained ones")
    args = options.parse(flags)
    folder = args.to
    folder.mkdir(parents=True, exist_ok=True)
    if detector := trained(args.work, "ocr-detector", Detector()):
        if args.between:
            halfway(detector, args.between / "detection.onnx")
        write(detector, torch.zeros(1, 1, SIDE, SIDE), folder / "detection.onnx", None)
    if recogniser := trained(args.work, "ocr-recogniser", Recogniser()):
        if args.between:
            halfway(recogniser, args.between / "recognition.onnx")
        shape = ({0: torch.export.Dim("lines"), 3: torch.export.Dim("width", min=50, max=2400)},)
        write(recogniser, torch.zeros(2, 1, HEIGHT, 200), folder / "recognition.onnx", shape)
    (folder / "alphabet.txt").write_text(wording.ALPHABET)
    (folder / "words.txt").write_text("\n".join(wording.frequent()) + "\n")


if __name__ == "__main__":
    main()
