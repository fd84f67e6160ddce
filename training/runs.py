"""A training run: its curve (a JSON line per report), its checkpoint, and a schedule that can be continued."""

import json
import os
import time
from contextlib import nullcontext
from pathlib import Path

import torch

import muon

PAUSE = 60.0  # seconds between two looks at the clock from which on the process must have been stopped


class Run:
    """`WORK/NAME/{curve.jsonl,checkpoint.pt}`. The time spent is part of the checkpoint, so a resumed run goes on where
    it stopped."""

    def __init__(self, work: Path, name: str, minutes: float, decay: float = 0.3, warmup_steps: int = 150):
        self.folder = work / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.budget = minutes * 60
        self.decay = decay
        self.warmup_steps = warmup_steps
        self.step = 0
        self.seen = 0
        self._spent = 0.0
        self._seen_at = self._saved = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds. Of a time in which the process was stopped, at most `PAUSE`."""
        now = time.monotonic()
        self._spent += min(now - self._seen_at, PAUSE)
        self._seen_at = now
        return self._spent

    @property
    def share(self) -> float:
        """How much of the time is over, 0 to 1."""
        return min(1.0, self.elapsed / self.budget)

    def rate(self) -> float:
        """Factor of the learning rate: warm-up, a plateau, then linearly to zero over the last `decay` of the time.

        A run that was stopped on the plateau can be given more minutes without loss.
        """
        return min(1.0, (self.step + 1) / self.warmup_steps, (1.0 - self.share) / self.decay)

    def report(self, **numbers) -> None:
        line = {"seconds": round(self.elapsed), "step": self.step, "seen": self.seen, **numbers}
        with (self.folder / "curve.jsonl").open("a") as out:
            out.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)

    def resume(self, **parts) -> bool:
        """Loads each part (anything with load_state_dict) from the checkpoint, if there is one."""
        path = self.folder / "checkpoint.pt"
        if not path.exists():
            return False
        state = torch.load(path, map_location="cpu", weights_only=True)
        for name, part in parts.items():
            scales = [group.get("scale", 1.0) for group in getattr(part, "param_groups", ())]
            part.load_state_dict(state[name])
            for group, scale in zip(getattr(part, "param_groups", ()), scales):
                group["scale"] = scale
        self.step, self.seen, self._spent = state["step"], state["seen"], state["elapsed"]
        self._seen_at = time.monotonic()
        return True

    def save(self, every: float = 0, **parts) -> None:
        """Writes the checkpoint if the last one is older than `every` seconds."""
        if time.monotonic() - self._saved < every:
            return
        self._saved = time.monotonic()
        state = {name: part.state_dict() for name, part in parts.items()}
        state |= {"step": self.step, "seen": self.seen, "elapsed": self.elapsed}
        path = self.folder / "checkpoint.pt"
        torch.save(state, path.with_suffix(".tmp"))
        os.replace(path.with_suffix(".tmp"), path)


def optimizers(model: torch.nn.Module, rate: float, is_hidden_matrix, scales: dict[str, float] | None = None) -> list[torch.optim.Optimizer]:
    """Muon for the hidden matrices, AdamW for all else (embeddings, norms, biases, heads). `scales` maps the beginning
    of a name to a factor of the rate."""
    hidden, tables, vectors = {}, {}, {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        scale = next((factor for prefix, factor in (scales or {}).items() if name.startswith(prefix)), 1.0)
        if parameter.ndim == 2 and is_hidden_matrix(name):
            group = hidden
        else:
            group = tables if parameter.ndim >= 2 else vectors
        group.setdefault(scale, []).append(parameter)
    plain = _groups(tables, 0.01) + _groups(vectors, 0.0)
    return [
        muon.Muon(_groups(hidden or {1.0: []}, 0.05), lr=rate),
        torch.optim.AdamW(plain, lr=rate, betas=(0.9, 0.98), fused=True),
    ]


def _groups(parameters: dict[float, list], weight_decay: float) -> list[dict]:
    return [{"params": group, "weight_decay": weight_decay, "scale": scale} for scale, group in parameters.items()]


def autocast(device: str = "cpu"):
    """bf16 where it is fast."""
    return torch.autocast(device, torch.bfloat16) if muon.has_fast_bf16(device) else nullcontext()


def step(loss: torch.Tensor, model: torch.nn.Module, steppers: list[torch.optim.Optimizer], rate: float) -> None:
    """One update with the gradients clipped to norm 1."""
    for stepper in steppers:
        stepper.zero_grad(set_to_none=True)
        for group in stepper.param_groups:
            group["lr"] = rate * group.get("scale", 1.0)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for stepper in steppers:
        stepper.step()


@torch.no_grad()
def average(mean: torch.nn.Module, model: torch.nn.Module, keep: float) -> None:
    """Moves the average of the weights a little towards the present ones."""
    for kept, now in zip(mean.parameters(), model.parameters()):
        kept.lerp_(now, 1 - keep)
