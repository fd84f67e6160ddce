"""Muon (Jordan 2024): momentum whose update is made orthogonal, for the matrices inside a network.

As `torch.optim.Muon` with "match_rms_adamw", but it iterates in bf16 only where that is fast.
"""

import torch

COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of the quintic that drives singular values towards 1


def has_fast_bf16(device: str) -> bool:
    """A processor without instructions for it takes more than three times as long as with f32."""
    return device != "cpu" or torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


class Muon(torch.optim.Optimizer):
    def __init__(self, groups, lr: float, momentum: float = 0.95, iterations: int = 4):
        super().__init__(groups, {"lr": lr, "weight_decay": 0.0, "momentum": momentum})
        self.iterations = iterations

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            for matrix in group["params"]:
                if matrix.grad is not None:
                    self._move(matrix, group)

    def _move(self, matrix, group) -> None:
        state = self.state[matrix]
        average = state.setdefault("momentum_buffer", torch.zeros_like(matrix.grad))
        average.lerp_(matrix.grad, 1 - group["momentum"])
        ahead = matrix.grad.lerp(average, group["momentum"])
        matrix.mul_(1 - group["lr"] * group["weight_decay"])
        # So that its elements are about as large as AdamW's.
        matrix.add_(orthogonal(ahead, self.iterations), alpha=-0.2 * max(matrix.shape) ** 0.5 * group["lr"])


def orthogonal(matrix: torch.Tensor, iterations: int) -> torch.Tensor:
    """Nearly: the singular values end between 0.5 and 1.5. Newton-Schulz, on the wide side."""
    a, b, c = COEFFICIENTS
    kind = torch.bfloat16 if has_fast_bf16(matrix.device.type) else torch.float32
    wide = (matrix.T if matrix.shape[0] > matrix.shape[1] else matrix).to(kind)
    wide = wide / wide.norm().clamp(min=1e-7)
    for _ in range(iterations):
        gram = wide @ wide.T
        wide = torch.addmm(wide, torch.addmm(gram, gram, gram, beta=b, alpha=c), wide, beta=a)
    return (wide.T if matrix.shape[0] > matrix.shape[1] else wide).to(matrix.dtype)
