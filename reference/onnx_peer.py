"""ONNX Runtime as a contender: CLIP's picture tower, `python -m reference.onnx_peer FOLDER f32|int8 THREADS`.

int8 is quantised dynamically, as its tools do by default for transformers. The line protocol is that of `torch_peer`.
`python -m reference.onnx_peer FOLDER export` writes both files first.
"""

import sys
import time
from pathlib import Path

import onnxruntime
from numpy import float32
from numpy.random import default_rng

FILES = {"f32": "picture_tower.onnx", "int8": "picture_tower_int8.onnx"}


def export(folder: Path) -> None:
    """Both files, unless they are there."""
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic

    from .bench_models import load

    class PictureTower(torch.nn.Module):
        def __init__(self, model):
            super().__init__()
            self.vision, self.projection = model.vision_model, model.visual_projection

        def forward(self, pixels):
            return self.projection(self.vision(pixel_values=pixels)[1])

    whole, small = (folder / FILES[kind] for kind in ("f32", "int8"))
    if not whole.exists():
        tower = PictureTower(load(folder, "clip-large", torch.float32))
        with torch.inference_mode():
            torch.onnx.export(tower, (torch.randn(2, 3, 224, 224),), whole, input_names=["pixels"], dynamo=False,
                              output_names=["features"], dynamic_axes={"pixels": {0: "batch"}})
    if not small.exists():
        quantize_dynamic(whole, small, weight_type=QuantType.QInt8)


def main() -> None:
    folder = Path(sys.argv[1])
    if sys.argv[2] == "export":
        return export(folder)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(sys.argv[3])
    start = time.perf_counter()
    session = onnxruntime.InferenceSession(folder / FILES[sys.argv[2]], options, providers=["CPUExecutionProvider"])
    print("ready", time.perf_counter() - start, flush=True)
    for line in sys.stdin:
        pixels = default_rng(0).standard_normal((int(line), 3, 224, 224)).astype(float32)
        start = time.perf_counter()
        session.run(None, {"pixels": pixels})
        print(time.perf_counter() - start, flush=True)


if __name__ == "__main__":
    main()
