"""What stands where in a drawn scene, asked of BLIP's patches while it trains: far more per picture than its caption tells.

The heads are thrown away afterwards.
"""

from collections import Counter

import torch
import torch.nn.functional as F

from scenes import COLOURS, FILLS, NUMBERS, SHAPES

NOTHING = len(SHAPES)
BALANCE = 0.1  # weight of a patch on which nothing is centred: most are so


class Centres(torch.nn.Module):
    """From a patch's state to the shape that is centred on it, its colour, its fill and how many of its kind there are."""

    def __init__(self, width: int):
        super().__init__()
        self.shape = torch.nn.Linear(width, len(SHAPES) + 1)
        self.colour = torch.nn.Linear(width, len(COLOURS))
        self.fill = torch.nn.Linear(width, len(FILLS))
        self.number = torch.nn.Linear(width, len(NUMBERS))

    def loss(self, states: torch.Tensor, scenes: list) -> torch.Tensor:
        """`states` (pictures, 1 + patches, width) of whole pictures, and each one's items."""
        patches = states[:, 1:].float()
        side = round(patches.shape[1] ** 0.5)
        shapes, centred = targets(scenes, side)
        weight = torch.ones(NOTHING + 1, device=states.device)
        weight[NOTHING] = BALANCE
        loss = F.cross_entropy(self.shape(patches).flatten(0, 1), shapes.flatten().to(states.device), weight)
        if not centred:
            return loss
        rows, cells, colours, fills, numbers = (torch.tensor(column, device=states.device) for column in zip(*centred))
        at = patches[rows, cells]
        loss = loss + F.cross_entropy(self.colour(at), colours) + F.cross_entropy(self.number(at), numbers)
        return loss + 0.5 * F.cross_entropy(self.fill(at), fills)


def targets(scenes: list, side: int) -> tuple[torch.Tensor, list[tuple[int, int, int, int, int]]]:
    """(the shape centred on each of side x side patches, (picture, patch, colour, fill, number of its kind) of each item)"""
    shapes, centred, colours = torch.full((len(scenes), side * side), NOTHING), [], list(COLOURS)
    for picture, items in enumerate(scenes):
        kinds = Counter(item.name for item in items)
        for item in items:
            cell = min(side - 1, int(item.y * side)) * side + min(side - 1, int(item.x * side))
            shapes[picture, cell] = SHAPES.index(item.shape)
            centred.append((picture, cell, colours.index(item.colour), FILLS.index(item.fill), kinds[item.name]))
    return shapes, centred
