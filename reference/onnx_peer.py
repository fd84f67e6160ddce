"""CLIP's picture tower in ONNX Runtime, in f32 or dynamically quantised to int8."""

import time
from pathlib import Path

import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic


class PictureTower(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.vision, self.projection = model.vision_model, model.visual_projection

    def forward(self, pixels):
        return self.projection(self.vision(pixel_values=pixels)[1])


class OnnxRuntime:
    def __init__(self, model, folder, threads, quantize):
        path = Path(folder) / "picture_tower.onnx"
        if not path.exists():
            pixels = torch.randn(2, 3, 224, 224)
            torch.onnx.export(PictureTower(model.float()), (pixels,), path, input_names=["pixels"], output_names=["features"],
                              dynamic_axes={"pixels": {0: "batch"}}, dynamo=False)
        if quantize:
            small = path.with_name("picture_tower_int8.onnx")
            quantize_dynamic(path, small, weight_type=QuantType.QInt8, use_external_data_format=True)
            path = small
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def seconds(self, batch):
        pixels = torch.randn(batch, 3, 224, 224).numpy()
        start = time.perf_counter()
        self.session.run(None, {"pixels": pixels})
        return time.perf_counter() - start

    def close(self):
        self.session = None
