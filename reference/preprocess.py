"""What the published image processors make of pictures of many sizes.

The pictures are a hash of their coordinates, so that the Rust test can draw them too; of the 8-bit results only the
SHA-256 is kept, and of the normalisation the value of each of the 256 levels.
"""

from pathlib import Path

import numpy as np
import open_clip
import torch
from PIL import Image
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from .clip import OPENAI_MEAN, OPENAI_STD
from .files import sha256, write_json, write_tensors

HALF = [0.5, 0.5, 0.5]
SIZES = [
    (1, 1), (1, 2), (2, 1), (3, 5), (30, 30), (31, 30), (223, 224), (224, 223), (224, 224), (225, 224), (227, 500),
    (333, 500), (500, 333), (500, 384), (640, 427), (17, 2000), (2000, 17), (4000, 10), (1024, 1023), (97, 1403),
]
EXTREME = [(3000, 1), (1, 3000), (4097, 2)]
"""Resized whole they would take gigabytes at 224 pixels; the small processors take them."""


def picture(width: int, height: int, seed: int) -> np.ndarray:
    """(height, width, 3) u8: noise in even seeds, blocks of 8 x 8 pixels in odd ones, whose edges overshoot."""
    x, y, c = (axis.astype(np.uint32) for axis in np.meshgrid(np.arange(width), np.arange(height), np.arange(3)))
    if seed % 2:
        x, y = x // 8, y // 8
    value = x * np.uint32(374761393) + y * np.uint32(668265263) + c * np.uint32(2246822519)
    value += np.uint32(seed * 3266489917 & 0xFFFFFFFF)
    value = (value ^ (value >> 13)) * np.uint32(1274126177)
    return ((value ^ (value >> 16)) & 0xFF).astype(np.uint8)


class HuggingFace:
    """A processor of transformers, in the variant that uses Pillow."""

    def __init__(self, kind: type, config: dict):
        self.kind, self.config, self.file = kind, config, "preprocessor_config.json"

    def processor(self, **changes):
        return self.kind(**(self.config | changes))

    def bytes(self, image: Image.Image) -> np.ndarray:
        """(side, side, 3) u8."""
        plain = self.processor(do_rescale=False, do_normalize=False)
        return np.moveaxis(plain(image)["pixel_values"][0], 0, -1)

    def levels(self, image: Image.Image) -> np.ndarray:
        """(3, height, width) f32, not resized."""
        return self.processor(do_resize=False, do_center_crop=False)(image)["pixel_values"][0]


class OpenClip:
    """open_clip's transform for inference."""

    def __init__(self, side: int, mean: list, std: list, extra: dict | None = None):
        self.file = "open_clip_config.json"
        vision = {"image_size": side, "layers": 1, "width": 64, "patch_size": 1}
        self.config = {
            "model_cfg": {"embed_dim": 8, "vision_cfg": vision, "text_cfg": {"width": 64}},
            "preprocess_cfg": {"mean": mean, "std": std, **(extra or {})},
        }
        mode = (extra or {}).get("resize_mode")
        self.transforms = open_clip.image_transform(side, is_train=False, mean=mean, std=std, resize_mode=mode).transforms

    def bytes(self, image: Image.Image) -> np.ndarray:
        for step in self.transforms[:-2]:
            image = step(image)
        return np.array(image)

    def levels(self, image: Image.Image) -> np.ndarray:
        for step in self.transforms[-2:]:
            image = step(image)
        return image.numpy()


def clip_files(side: int, mean: list, std: list) -> HuggingFace:
    return HuggingFace(CLIPImageProcessorPil, {
        "crop_size": {"height": side, "width": side}, "do_center_crop": True, "do_convert_rgb": True,
        "do_normalize": True, "do_rescale": True, "do_resize": True, "image_mean": mean, "image_std": std,
        "resample": 3, "rescale_factor": 0.00392156862745098, "size": {"shortest_edge": side},
    })


def blip_files(side: int) -> HuggingFace:
    return HuggingFace(BlipImageProcessorPil, {
        "do_normalize": True, "do_rescale": True, "do_resize": True, "image_mean": OPENAI_MEAN, "image_std": OPENAI_STD,
        "resample": 3, "rescale_factor": 0.00392156862745098, "size": {"height": side, "width": side},
    })


PROCESSORS = {
    "clip-224": clip_files(224, OPENAI_MEAN, OPENAI_STD),
    "clip-31": clip_files(31, HALF, HALF),
    "open-clip-224": OpenClip(224, OPENAI_MEAN, OPENAI_STD),
    "open-clip-31": OpenClip(31, HALF, HALF, {"interpolation": "bicubic", "resize_mode": "shortest"}),
    "blip-384": blip_files(384),
    "blip-48": blip_files(48),
}


def write(root: Path) -> str:
    folder, levels, cases = root / "preprocess", {}, []
    ramp = Image.fromarray(np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2))
    for name, processor in PROCESSORS.items():
        write_json(folder / name / processor.file, processor.config)
        levels[name] = torch.from_numpy(processor.levels(ramp).reshape(3, 256).copy())
        side = int(name.split("-")[-1])
        for seed, (width, height) in enumerate(SIZES + (EXTREME if side < 100 else [])):
            result = processor.bytes(Image.fromarray(picture(width, height, seed)))
            assert result.shape == (side, side, 3) and result.dtype == np.uint8
            case = {"processor": name, "width": width, "height": height, "seed": seed}
            cases.append(case | {"first": result[0, 0].tolist(), "sha256": sha256(result.tobytes())})
    write_json(folder / "cases.json", cases)
    write_tensors(folder / "levels.safetensors", levels)
    return f"preprocess: {len(cases)} pictures"
