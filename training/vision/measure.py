"""What CLIP-nano knows, on `val`: percentages as in RESULTS.md."""

import torch

import pack


def percent(hits: torch.Tensor) -> float:
    return round(100 * hits.float().mean().item(), 1)


@torch.no_grad()
def seen(towers, args, name, size):
    pictures = torch.from_numpy(pack.pixels(args.data, args.work, name, "val").copy())
    return torch.cat([towers.squashed(part, size) for part in pictures.split(200)])


@torch.no_grad()
def labels(towers, args, name, tag_names, size):
    """Top-1 and top-5 among the set's own labels, and top-5 with every tag competing; the mean over labels."""
    truth = [row["label"] for row in pack.rows(args.data, name, ["label"], "val")]
    kept = [place for place, label in enumerate(truth) if label]
    own = sorted({truth[place] for place in kept})
    pictures = seen(towers, args, name, size)[kept]
    rows = towers.texts([f"a photo of a {label}" for label in own])
    target = torch.tensor([own.index(truth[place]) for place in kept], device=rows.device)
    share = 1 / torch.bincount(target).float()[target] / len(own)
    best = (pictures @ rows.T).topk(5).indices == target[:, None]
    every = towers.texts([f"a photo of a {tag}" for tag in tag_names])
    places = torch.tensor([tag_names.index(label) for label in own], device=rows.device)
    among_all = (pictures @ every.T).topk(5).indices == places[target][:, None]
    mean = lambda hits: round(100 * (hits.float() * share).sum().item(), 1)  # noqa: E731
    return {f"{name}_top1": mean(best[:, 0]), f"{name}_top5": mean(best.any(1)), f"{name}_all_top5": mean(among_all.any(1))}


@torch.no_grad()
def retrieval(towers, args, size):
    """Picture to text among the 5,000 captions of 1,000 photographs."""
    captions = [caption for row in pack.rows(args.data, "flickr8k", ["captions"], "val") for caption in row["captions"]]
    rows = torch.cat([towers.texts(captions[start : start + 500]) for start in range(0, len(captions), 500)])
    order = (seen(towers, args, "flickr8k", size) @ rows.T).topk(10).indices // 5
    hits = order == torch.arange(len(order), device=order.device)[:, None]
    return {"i2t_r1": percent(hits[:, 0]), "i2t_r10": percent(hits.any(1))}


def clip(towers, args, tag_names, size):
    numbers = {}
    for name in ("tiny_imagenet", "caltech101"):
        if name == "caltech101" or not args.clean:
            numbers |= labels(towers, args, name, tag_names, size)
    return numbers if args.clean else numbers | retrieval(towers, args, size)
