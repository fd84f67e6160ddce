"""Log-likelihoods of given continuations."""

import torch


@torch.no_grad()
def log_likelihoods(logits: torch.Tensor, targets: list[list[int]]) -> list[list[float]]:
    """Per row and position the log-probability of the target under `logits` (rows, positions, vocabulary).

    Position 0 of the logits predicts target 0. Rows of unequal length end where their targets end.
    """
    log_probs = logits.log_softmax(-1)
    return [
        log_probs[row, torch.arange(len(ids)), torch.tensor(ids)].tolist() for row, ids in enumerate(targets)
    ]
