"""Trains CLIP-nano: pictures, tags and captions in one space.

    python -m vision.clip --data PACK --work WORK --minutes 240 [--start FOLDER] [--clean] [--device cuda]

One softmax over all tags, in which a picture's unknown tags count little, with the log frequency of each tag added
while training so that "man" and "dog" do not lead every list afterwards; symmetric contrast over captions; a
resolution that rises; the weights averaged. `--start` goes on from the weights and the tokenizer of an earlier CLIP-nano
of the same shape; `--clean` leaves out the sets with research-only terms.
"""

import copy
import math
import random
from pathlib import Path

import torch
import torch.nn.functional as F
from transformers import CLIPConfig, CLIPModel

import options
import runs

from . import augment, clip_tokens, data, measure, tags, warm_start

PROMPTS = ("a photo of a {}", "a photo of a {}", "a picture of a {}", "A photo of {}", "{}", "a {}", "a photo of the {}", "an image of {}")
SIDE = 160
SIZES = ((0.45, 64), (0.75, 96), (0.9, 128), (1.01, SIDE))  # up to this share of the time, this resolution
UNTOLD = 0.2  # how much a tag counts as false that is not known to be true: a photograph of a thing mostly shows little else
EXTRA = 128  # tags without pictures that take part in a step
SHARES = {"tiny_imagenet": 120, "caltech101": 32, "flickr8k": 64, "scenes": 40}


def new_model(tokens) -> CLIPModel:
    text = dict(
        vocab_size=tokens.size, hidden_size=192, intermediate_size=768, num_hidden_layers=3, num_attention_heads=3,
        max_position_embeddings=32, hidden_act="gelu", bos_token_id=tokens.start, eos_token_id=tokens.end, pad_token_id=tokens.end,
    )  # fmt: skip
    vision = dict(
        hidden_size=256, intermediate_size=1024, num_hidden_layers=6, num_attention_heads=4, image_size=SIDE, patch_size=16, hidden_act="gelu"
    )
    return CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=256, attn_implementation="eager"))


def start_from(folder, model: CLIPModel) -> None:
    """The weights of an earlier CLIP-nano, whatever its picture size was."""
    earlier = CLIPModel.from_pretrained(folder).float()
    warm_start.resize_clip(earlier, model.config.vision_config.image_size)
    model.load_state_dict(earlier.state_dict())


def keep_first(vision, layers: int) -> None:
    """A short run then costs little more than looking."""
    if layers:
        for part in (vision.embeddings, vision.pre_layrnorm, *vision.encoder.layers[:layers]):
            part.requires_grad_(False)


class Towers:
    """Unit rows for pictures and texts."""

    def __init__(self, model: CLIPModel, tokens):
        self.model, self.tokens = model, tokens

    def pictures(self, inputs):
        resized = inputs.shape[-1] != self.model.config.vision_config.image_size
        pooled = self.model.vision_model(pixel_values=inputs, interpolate_pos_encoding=resized).pooler_output
        return F.normalize(self.model.visual_projection(pooled).float(), dim=-1)

    def squashed(self, pictures, size):
        """Of bytes (N, side, side, 3)."""
        return self.pictures(augment.whole(pictures, size).to(self.model.logit_scale.device))

    def texts(self, texts):
        ids, mask = self.tokens(texts)
        device = self.model.logit_scale.device
        pooled = self.model.text_model(input_ids=ids.to(device), attention_mask=mask.to(device)).pooler_output
        return F.normalize(self.model.text_projection(pooled).float(), dim=-1)


class Batches:
    def __init__(self, sets, drawn, rng):
        self.sets, self.drawn, self.rng = sets, drawn, rng
        self.samplers = {name: data.Sampler(photos, rng) for name, photos in sets.items()}
        self.pictures = sum(SHARES[name] for name in (*sets, "scenes"))  # of a step

    def next(self, size):
        """(pictures, truths, captions or None for each)"""
        pictures, truths, captions = [], [], []
        for name, photos in self.sets.items():
            places = self.samplers[name].take(SHARES[name])
            pictures.append(data.views(photos, places, size, self.rng))
            truths.append(photos.truths[places])
            captions += [photos.captions and self.rng.choice(photos.captions[place]) for place in places]
        for drawing in self.drawn.take(SHARES["scenes"]):
            pictures.append(augment.view(drawing.picture, size, 0.85, self.rng, flip=False)[None])
            truths.append(drawing.truth[None])
            captions.append(drawing.caption)
        return torch.cat(pictures), torch.cat(truths), captions


def tag_loss(logits, truths, frequency):
    """Every tag that is true against all that are false and, with less weight, those that nobody has told. The log
    frequency makes a frequent tag earn its place."""
    logits = logits + frequency.clamp(min=1e-3).log()
    doubt = torch.tensor([1.0, UNTOLD, 1e-20], device=logits.device).log()[truths.long() + 1]
    against = (logits + doubt).logsumexp(1, keepdim=True)
    yes = truths > 0
    each = F.softplus(against - logits) * yes
    return (each.sum(1) / yes.sum(1).clamp(min=1))[yes.any(1)].mean()


def caption_loss(scores, captions):
    """Symmetric InfoNCE; equal captions (of scenes) are not each other's negatives."""
    order = {}
    same = torch.tensor([order.setdefault(caption, place) for place, caption in enumerate(captions)], device=scores.device)
    twins = (same[:, None] == same[None]) & ~torch.eye(len(captions), dtype=torch.bool, device=scores.device)
    scores = scores.masked_fill(twins, -1e4)
    target = torch.arange(len(captions), device=scores.device)
    return (F.cross_entropy(scores, target) + F.cross_entropy(scores.T, target)) / 2


def columns(truths, taught: int, rng: random.Random) -> torch.Tensor:
    """The tags that take part in a step: all that are taught, the extra ones that are true of a picture, and some others."""
    count = truths.shape[1]
    true = (truths[:, taught:] > 0).any(0).nonzero().flatten().tolist()[:EXTRA]
    drawn = rng.sample(range(count - taught), min(EXTRA - len(true), count - taught))
    return torch.tensor([*range(taught), *(taught + place for place in sorted({*true, *drawn}))])


def losses(towers, batch, vocabulary, frequency, rng, device):
    pictures, truths, captions = batch
    inputs = augment.jitter(augment.normalised(pictures.to(device)))
    kept = columns(truths, len(vocabulary.taught), rng)
    truths = truths[:, kept].to(device)
    told = [place for place, caption in enumerate(captions) if caption]
    prompt = rng.choice(PROMPTS)
    with runs.autocast(device):
        seen = towers.pictures(inputs)
        names = towers.texts([prompt.format(vocabulary.tags[place]) for place in kept])
        said = towers.texts([captions[place] for place in told])
    scale = towers.model.logit_scale.exp().clamp(max=100)
    frequency[kept] = frequency[kept].lerp((truths > 0).float().mean(0), 0.02)
    by_tag = tag_loss(scale * seen @ names.T, truths, frequency[kept])
    by_caption = caption_loss(scale * seen[told] @ said.T, [captions[place] for place in told])
    return by_tag, by_caption


def main():
    flags = options.parser(__doc__.splitlines()[0])
    flags.add_argument("--minutes", type=float, default=240)
    flags.add_argument("--rate", type=float, default=2e-3)
    flags.add_argument("--decay", type=float, default=0.3, help="share of the time, at the end, in which the rate falls")
    flags.add_argument("--least-side", type=int, default=64, help="of the pictures, in pixels: earlier weights need not begin with small ones")
    flags.add_argument("--least-window", type=float, default=0, help="of a photograph, as a share of its area; some sets have windows of 0.3")
    flags.add_argument("--kept", type=int, default=0, help="the first layers of its vision, which stay as they are")
    flags.add_argument("--start", type=Path, help="folder of an earlier CLIP-nano")
    flags.add_argument("--clean", action="store_true", help="Caltech-101 and drawn scenes only")
    flags.add_argument("--device", default="cpu")
    flags.add_argument("--report-every", type=float, default=1200, help="seconds")
    args = options.parse(flags)
    rng = random.Random(args.seed)
    vocabulary = data.vocabulary(args)
    truths = tags.Truths(vocabulary.taught, vocabulary.labels, vocabulary.extra, vocabulary.synonyms)
    names = ("caltech101",) if args.clean else ("tiny_imagenet", "caltech101", "flickr8k")
    sets = {name: data.load(args, name, "train", truths) for name in names}
    for photos in sets.values():
        photos.least = max(photos.least, args.least_window)
    tokens = clip_tokens.load_or_train(args, vocabulary.tags, sets)
    model = new_model(tokens).to(args.device)
    if args.start:
        start_from(args.start, model)
    else:
        model.logit_scale.data.fill_(math.log(1 / 0.07))
    mean = copy.deepcopy(model).requires_grad_(False).eval()
    keep_first(model.vision_model, args.kept)
    steppers = runs.optimizers(model, args.rate, lambda name: name.startswith("vision_model.encoder"))
    batches = Batches(sets, data.Drawn(truths, rng), rng)
    run = runs.Run(args.work, "clip-clean" if args.clean else "clip", args.minutes, args.decay)
    parts = {"model": model, "mean": mean, "muon": steppers[0], "adamw": steppers[1]}
    if run.resume(**parts):
        rng.seed(args.seed + run.step)
    towers, frequency = Towers(model, tokens), torch.full((len(vocabulary.tags),), 0.01, device=args.device)
    sums, due = [], run.elapsed + args.report_every
    while run.share < 1:
        size = max(args.least_side, next(size for until, size in SIZES if run.share < until))
        by_tag, by_caption = losses(towers, batches.next(size), vocabulary, frequency, rng, args.device)
        runs.step(by_tag + 0.5 * by_caption, model, steppers, args.rate * run.rate())
        runs.average(mean, model, min(0.998, 1 - 4 / (run.step + 5)))
        sums.append((by_tag.item(), by_caption.item()))
        run.step, run.seen = run.step + 1, run.seen + batches.pictures
        if run.step % 50 == 0:
            tag, caption = (round(sum(column) / len(column), 3) for column in zip(*sums[-50:]))
            run.report(size=size, tag_loss=tag, caption_loss=caption)
        if run.elapsed > due:
            run.report(**measure.clip(Towers(mean, tokens), args, vocabulary.tags, size))
            due = run.elapsed + args.report_every
        run.save(600, **parts)
    run.save(**parts)


if __name__ == "__main__":
    main()
