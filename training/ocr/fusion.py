"""Batch normalisation into the convolutions before it, and back again to go on from an exported model."""

import copy
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def normalised(model: nn.Module) -> list[tuple[str, nn.Sequential, int]]:
    """(name, sequence, place in it) of each convolution that has a batch normalisation after it."""
    found = []
    for name, sequence in model.named_modules():
        if isinstance(sequence, nn.Sequential):
            after = zip(sequence, list(sequence)[1:])
            pairs = ((nn.Conv2d, nn.BatchNorm2d), (nn.Conv1d, nn.BatchNorm1d))
            found += [
                (f"{name}.{place}", sequence, place) for place, (one, other) in enumerate(after) if (type(one), type(other)) in pairs
            ]
    return found


def fused(model: nn.Module) -> nn.Module:
    """Without batch normalisation: the convolution before each one does its work."""
    for _, sequence, place in normalised(model):
        sequence[place] = fuse_conv_bn_eval(sequence[place], sequence[place + 1])
        sequence[place + 1] = nn.Identity()
    return model


@torch.no_grad()
def start_from(path: Path, model: nn.Module, inputs: torch.Tensor) -> None:
    """Gives `model` the weights of the ONNX file, and normalisations under which it still computes the same: what they
    see of `inputs` tells them means and deviations. Layers that the file lacks stay as they are: new ones add nothing; layers
    that are wider than in the file compute the same wherever new outputs only reach new inputs."""
    plain, before = fused(copy.deepcopy(model).eval()), normalised(model)
    fresh = plain.state_dict()
    known = {name: widened(tensor, fresh.get(name, tensor)) for name, tensor in weights(path).items()}
    if unknown := plain.load_state_dict(known, strict=False).unexpected_keys:
        raise SystemExit(f"{path}: it has layers that this model lacks: {', '.join(unknown)}")
    seen = {}
    for name, _, _ in before:
        plain.get_submodule(name).register_forward_hook(lambda module, _, out, name=name: seen.update({name: (module.bias, out)}))
    plain(inputs)
    model.load_state_dict(plain.state_dict(), strict=False)
    for name, sequence, place in before:
        bias, out = seen[name]
        over = [dim for dim in range(out.ndim) if dim != 1]
        mean, variance, norm = out.mean(over), out.var(over, correction=0) + 1e-6, sequence[place + 1]
        norm.running_mean.copy_(mean - bias)
        norm.running_var.copy_(variance)
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.bias.copy_(mean)


def widened(tensor: torch.Tensor, wider: torch.Tensor) -> torch.Tensor:
    """New outputs are those of `wider`, new inputs of old outputs count for nothing."""
    result = wider.clone()
    result[: len(tensor)] = 0
    result[tuple(slice(side) for side in tensor.shape)] = tensor
    return result


def weights(path: Path) -> dict[str, torch.Tensor]:
    """By the names that they have in the fused model."""
    tensors = {}
    for tensor in onnx.load(path).graph.initializer:
        name = tensor.name.removesuffix(".f16")
        if name.endswith(".weight_bias"):  # how the exporter calls the bias of a convolution that had none
            name = name.removesuffix("weight_bias") + "bias"
        if not name.startswith("val_"):
            tensors[name] = torch.from_numpy(numpy_helper.to_array(tensor).copy()).float()
    return tensors
