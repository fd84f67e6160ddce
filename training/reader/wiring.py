"""Where the reader's training begins: attention that looks around, finds the same word elsewhere, and copies.

A small T5 with random weights needs hundreds of thousands of examples before heads that look things up form at all. Here
they are there from the first step, as orthogonal projections (mimetic initialisation, Trockman & Kolter 2023, after the
induction heads of Olsson et al. 2022); training keeps what helps. Nothing of it is left outside the weights.
"""

import torch
from transformers import T5ForConditionalGeneration

MATCH = 0.2  # a query's scale: equal words score MATCH x width of a head, others near 0
LOOK = 5.0  # a bias (added to scores near 1) that fixes a head on a neighbour
LOOKING = 4  # heads before, after, two or three before, two or three after; the rest find equal words


@torch.no_grad()
def wire(reader: T5ForConditionalGeneration) -> None:
    encoder = [block.layer[0].SelfAttention for block in reader.encoder.block]
    _directions(encoder[0].relative_attention_bias.weight)
    for attention in encoder:
        _look_and_match(attention)
    before, written = _projections(encoder[0], head=0)
    for block in reader.decoder.block:
        _copy(block.layer[1].EncDecAttention, before, written)


def _directions(bias: torch.Tensor) -> None:
    """(buckets, heads), the same in all layers. The first half of the buckets is for what stands before."""
    after = bias.shape[0] // 2
    bias.normal_(0, 0.1)
    bias[1, 0] += LOOK
    bias[after + 1, 1] += LOOK
    bias[2:4, 2] += LOOK - 1
    bias[after + 2 : after + 4, 3] += LOOK - 1
    bias[0, LOOKING:] -= LOOK  # a word finds itself too easily


def _look_and_match(attention) -> None:
    """Values pass through a projection and are written elsewhere in the stream, so that a word and its neighbour stay
    apart."""
    width = attention.key_value_proj_dim
    for head in range(attention.n_heads):
        rows = slice(head * width, (head + 1) * width)
        read = _rows(width, attention.d_model)
        attention.v.weight[rows] = read
        attention.o.weight[:, rows] = _rows(width, attention.d_model).T
        if head < LOOKING:
            attention.q.weight[rows] *= 0.3
        else:
            attention.q.weight[rows], attention.k.weight[rows] = MATCH * read, read


def _projections(attention, head: int) -> tuple[torch.Tensor, torch.Tensor]:
    """What a head reads from a word and where it writes it, each (width, d_model)."""
    rows = slice(head * attention.key_value_proj_dim, (head + 1) * attention.key_value_proj_dim)
    return attention.v.weight[rows], attention.o.weight[:, rows].T


def _copy(attention, before: torch.Tensor, written: torch.Tensor) -> None:
    """What is looked at is said. Half of the heads look for what stands after the word that was said last."""
    width = attention.key_value_proj_dim
    values = torch.linalg.qr(torch.randn(attention.inner_dim, attention.d_model))[0]
    attention.v.weight.copy_(values)
    attention.o.weight.copy_(values.T)
    for head in range(attention.n_heads // 2):
        rows = slice(head * width, (head + 1) * width)
        attention.q.weight[rows], attention.k.weight[rows] = MATCH * before, written


def _rows(count: int, width: int) -> torch.Tensor:
    """Orthonormal rows (count <= width)."""
    return torch.linalg.qr(torch.randn(width, count))[0].T
