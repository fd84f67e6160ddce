"""Random views of training pictures: (side, side, 3) bytes in, (3, size, size) bytes out."""

import math
import random

import torch
import torchvision.transforms.v2.functional as resize

MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(1, 3, 1, 1)
STD = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(1, 3, 1, 1)


def view(picture: torch.Tensor, size: int, least: float, rng: random.Random, flip: bool = True) -> torch.Tensor:
    """A window of `least` to 1 of the area, of a ratio near 1, perhaps mirrored."""
    side = picture.shape[0]
    area, ratio = rng.uniform(least, 1) * side * side, math.exp(rng.uniform(-0.288, 0.288))
    width, height = min(side, round(math.sqrt(area * ratio))), min(side, round(math.sqrt(area / ratio)))
    top, left = rng.randint(0, side - height), rng.randint(0, side - width)
    window = picture[top : top + height, left : left + width].permute(2, 0, 1)
    if flip and rng.random() < 0.5:
        window = window.flip(2)
    return resized(window, size)


def resized(pictures: torch.Tensor, size: int) -> torch.Tensor:
    """By the filter of the published processors, which is the library's too."""
    return resize.resize(pictures, [size, size], interpolation=resize.InterpolationMode.BICUBIC, antialias=True)


def whole(pictures: torch.Tensor, size: int) -> torch.Tensor:
    """(N, 3, size, size) normalised: the squashed picture, as the library prepares it."""
    return normalised(resized(pictures.permute(0, 3, 1, 2), size))


def normalised(pictures: torch.Tensor) -> torch.Tensor:
    return (pictures.float() / 255 - MEAN.to(pictures.device)) / STD.to(pictures.device)


def jitter(pictures: torch.Tensor, strength: float = 0.25) -> torch.Tensor:
    """Contrast, brightness and saturation of normalised pictures, for each its own."""
    draw = lambda: strength * (torch.rand(len(pictures), 1, 1, 1, device=pictures.device) * 2 - 1)  # noqa: E731
    pictures = pictures * (1 + draw()) + draw()
    grey = pictures.mean((2, 3), keepdim=True)
    return grey + (pictures - grey) * (1 + draw())
