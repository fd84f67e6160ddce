"""Draws every parameter of a model so that a mistake anywhere shows in the output.

As the libraries initialise them, biases are zero, norms are the identity and attention is nearly uniform: a model
that forgets a bias, a mask or a scale gives almost the same output. Here every parameter is drawn anew, seed
after seed, until attention is sharp and the activation functions are used over their whole bend.
"""

import re
from dataclasses import dataclass

import torch
from torch import nn

MEDIAN_ATTENTION = (0.3, 0.95)
"""Between these lies the median over all queries and heads of the largest attention weight."""
SPAN = 2.75
"""Pre-activations must reach beyond this on both sides."""
TOLERANCE = 1e-4
"""What the Rust tests allow: largest difference over the root mean square of the reference."""
BITE = 100.0
"""A wrong variant must move an output by this many tolerances."""


@dataclass
class Spread:
    """Mean and standard deviation of a parameter; of a matrix, the latter over the root of its inputs if `fan_in`."""

    mean: float
    std: float
    fan_in: bool = False

    def draw(self, shape: torch.Size, generator: torch.Generator) -> torch.Tensor:
        std = self.std / (shape[1:].numel() ** 0.5 if self.fan_in else 1.0)
        return self.mean + std * torch.randn(shape, generator=generator)


def draw(model: nn.Module, recipe: list[tuple[str, Spread]], seed: int) -> None:
    """Replaces every parameter by its first matching line of the recipe; a parameter without one is an error."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            spread = next(spread for pattern, spread in recipe if re.search(pattern, name))
            parameter.copy_(spread.draw(parameter.shape, generator))


class PreActivations:
    """Records what enters the activation functions while it is open."""

    def __init__(self, model: nn.Module):
        kinds = ("Activation", "GELU", "ReLU")
        self.modules = [m for m in model.modules() if any(kind in type(m).__name__ for kind in kinds)]
        self.seen: list[torch.Tensor] = []

    def __enter__(self):
        self.hooks = [m.register_forward_pre_hook(lambda _, args: self.seen.append(args[0])) for m in self.modules]
        return self

    def __exit__(self, *_):
        for hook in self.hooks:
            hook.remove()

    def span(self) -> tuple[float, float]:
        """All but a thousandth on either side lies between these."""
        values = torch.cat([x.flatten() for x in self.seen])
        return values.quantile(0.001).item(), values.quantile(0.999).item()


def movement(reference: torch.Tensor, other: torch.Tensor) -> float:
    """The largest difference in tolerances; infinite where the other is not a number."""
    difference = (other - reference).abs().max() / (TOLERANCE * reference.pow(2).mean().sqrt())
    return difference.nan_to_num(float("inf")).item()


def median_attention(attentions: list[torch.Tensor]) -> float:
    """Over all queries that see at least four keys: the median of the largest weight. Inputs (batch, heads, q, k)."""
    largest = [a.max(-1).values[(a > 0).sum(-1) >= 4] for a in attentions]
    return torch.cat(largest).median().item()


@dataclass
class Liveliness:
    """How sharp the attention of a drawn model is and how far its activation functions are used."""

    attention: float
    low: float
    high: float

    def enough(self) -> bool:
        least, most = MEDIAN_ATTENTION
        return least < self.attention < most and self.low < -SPAN and self.high > SPAN

    def __str__(self):
        return f"median largest attention {self.attention:.2f}, pre-activations {self.low:.1f}..{self.high:.1f}"
