"""Trains BLIP-nano: captions of photographs, of labels and of drawn scenes.

    python -m vision.blip --data PACK --work WORK --minutes 120 [--start FOLDER] [--clean] [--device cuda]

Its vision starts as CLIP-nano's and learns at half the rate, from small pictures first, and is also asked where the shapes
of drawn scenes are (`centres`). `--start` goes on from an earlier BLIP-nano of the same shape, `--start` and `--clip` take
its decoder and that CLIP's vision.
"""

import copy
import random
import shutil
from pathlib import Path

import torch
import torch.nn.functional as F
from transformers import BlipConfig, BlipForConditionalGeneration, CLIPModel

import options
import pack
import runs
import scenes

from . import augment, blip_tokens, data, tags, warm_start
from .centres import Centres
from .cider import cider_d
from .told import DRAWN_KINDS, SENTENCE, SIZE, Batch, Batches, clean

SMALL = 80
LENGTH_PENALTY = 0.9  # of the beam search: chosen on `val`
HIDDEN, FORGOTTEN = 0.25, 0.1  # patches and words of photographs while captions are taught
AVERAGED = 0.998  # of the average of the weights stays in each step
CENTRES = 0.3  # weight of what the patches are asked
COUNTED = 3.0  # weight of a number in the caption of a drawn picture, among words of weight 1


def new_model(size: int) -> BlipForConditionalGeneration:
    text = dict(
        vocab_size=size, hidden_size=256, encoder_hidden_size=256, intermediate_size=1024, num_hidden_layers=3, num_attention_heads=4,
        max_position_embeddings=48, bos_token_id=blip_tokens.DEC, eos_token_id=blip_tokens.SEP, sep_token_id=blip_tokens.SEP,
        pad_token_id=blip_tokens.PAD, hidden_dropout_prob=0.1, attention_probs_dropout_prob=0.0, is_decoder=True, projection_dim=256,
    )  # fmt: skip
    # The published default of initializer_range is 1e-10: from nothing it would not move.
    vision = dict(
        hidden_size=256, intermediate_size=1024, num_hidden_layers=6, num_attention_heads=4, image_size=SIZE, patch_size=16,
        hidden_act="gelu", projection_dim=256, initializer_range=0.02,
    )  # fmt: skip
    return BlipForConditionalGeneration(
        BlipConfig(text_config=text, vision_config=vision, projection_dim=256, image_text_hidden_size=256, attn_implementation="eager")
    )


def losses(model, heads, tokens, batch: Batch, device) -> tuple[torch.Tensor, torch.Tensor]:
    """(of the captions, of the drawn scenes' centres)"""
    ids, labels = (table.to(device) for table in tokens(batch.captions))
    owners = batch.owners.to(device)
    of_photos = owners < len(batch.photos)
    with runs.autocast(device):
        photos, drawings = (_seen(model, pictures.to(device)) for pictures in (batch.photos, batch.drawings))
        seen, given = _side_by_side(photos, drawings)
        logits = model.text_decoder(
            input_ids=_some_forgotten(ids, of_photos), attention_mask=(ids != blip_tokens.PAD).long(),
            encoder_hidden_states=seen[owners], encoder_attention_mask=_some_hidden(given[owners], of_photos),
        ).logits  # fmt: skip
    return _taught(logits[:, :-1].float(), labels[:, 1:], tokens.numbers.to(device), ~of_photos), heads.loss(drawings, batch.items)


def _taught(logits: torch.Tensor, labels: torch.Tensor, numbers: torch.Tensor, of_drawings: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of the words; numbers of drawn things count more, for they are what it gets wrong."""
    losses = F.cross_entropy(logits.transpose(1, 2), labels, ignore_index=-100, label_smoothing=0.1, reduction="none")
    weights = torch.where(torch.isin(labels, numbers) & of_drawings[:, None], COUNTED, 1.0) * (labels >= 0)
    return (losses * weights).sum() / weights.sum()


def _seen(model, pictures: torch.Tensor) -> torch.Tensor:
    inputs = augment.jitter(augment.normalised(pictures), 0.2)
    return model.vision_model(pixel_values=inputs, interpolate_pos_encoding=True).last_hidden_state


def _side_by_side(photos: torch.Tensor, drawings: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(the patches of both, filled up to as many of each; which are patches)"""
    missing = drawings.shape[1] - photos.shape[1]
    given = torch.ones(len(photos) + len(drawings), drawings.shape[1], dtype=torch.bool, device=photos.device)
    if missing:
        given[: len(photos), -missing:] = False
    return torch.cat([F.pad(photos, (0, 0, 0, missing)), drawings]), given


def _some_hidden(given: torch.Tensor, of_photos: torch.Tensor) -> torch.Tensor:
    """The decoder's view: some patches of photographs are left out, so that thousands of them are not known by heart."""
    hidden = torch.rand(given.shape, device=given.device) < HIDDEN
    return (given & ~(hidden & of_photos[:, None])).long()


def _some_forgotten(ids: torch.Tensor, of_photos: torch.Tensor) -> torch.Tensor:
    """Some words of photographs' captions are masked: the next must be found in the picture."""
    forgotten = (torch.rand(ids.shape, device=ids.device) < FORGOTTEN) & of_photos[:, None]
    return ids.masked_fill(forgotten & (ids > blip_tokens.DEC), blip_tokens.MASK)


@torch.no_grad()
def captions_of(model, tokens, pictures: torch.Tensor, beams: int = 5) -> list[str]:
    device, texts = next(model.parameters()).device, []
    for part in pictures.split(50):
        ids = torch.tensor([[*tokens.prompt, blip_tokens.SEP]] * len(part), device=device)
        inputs = augment.whole(part, SIZE).to(device)
        output = model.generate(
            pixel_values=inputs, input_ids=ids, attention_mask=torch.ones_like(ids),
            num_beams=beams, length_penalty=LENGTH_PENALTY, min_length=10, max_length=30,
        )  # fmt: skip
        texts += [tokens.text(row) for row in output.tolist()]
    return texts


def measure(model, tokens, args, count: int) -> dict:
    """On `val`: CIDEr-D and how many captions differ; of drawn scenes how many are exactly right."""
    numbers = {}
    if not args.clean:
        pictures = torch.from_numpy(pack.pixels(args.data, args.work, "flickr8k", "val")[:count].copy())
        rows = pack.rows(args.data, "flickr8k", ["captions"], "val")[:count]
        given = captions_of(model, tokens, pictures)
        references = [[clean(caption) for caption in row["captions"]] for row in rows]
        numbers |= {"cider": cider_d(given, references), "distinct": len(set(given)), "sample": given[:5]}
    drawn = data.Drawn(tags.Truths([*scenes.COLOURS, *scenes.SHAPES], set()), random.Random(-3), max(100, count // 5), kinds={"scene": 1})
    given = captions_of(model, tokens, torch.stack([drawing.picture for drawing in drawn.pool]))
    right = sum(one == drawing.caption for one, drawing in zip(given, drawn.pool))
    return numbers | {"scenes_right": round(100 * right / len(given), 1)}


def tokens_for(args, sets) -> blip_tokens.Tokens:
    path = args.work / args.name / "tokenizer.json"
    if args.start and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(args.start / "tokenizer.json", path)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        told = [clean(caption) for photos in sets.values() for five in photos.captions or () for caption in five]
        labels = {scenes.article(label) for photos in sets.values() for label in photos.labels or ()}
        rng = random.Random(0)
        drawn = [scenes.caption(scenes.random_scene(rng)) for _ in range(3000)]
        sentences = [SENTENCE.format(label) for label in sorted(labels)] * 20
        blip_tokens.train([blip_tokens.PROMPT, *told, *sentences, *drawn]).save(str(path))
    return blip_tokens.Tokens(path)


def start_from_clip(model, folder: Path, sets):
    source = CLIPModel.from_pretrained(folder, attn_implementation="eager").float()
    warm_start.resize_clip(source, SIZE)
    pictures = next(iter(sets.values())).pictures[:200]
    warm_start.fold(source.vision_model, model.vision_model, augment.whole(pictures, SIZE))


def flags():
    flags = options.parser(__doc__.splitlines()[0])
    flags.add_argument("--minutes", type=float, default=120)
    flags.add_argument("--rate", type=float, default=1e-3)
    flags.add_argument("--clip", type=Path, help="folder of the CLIP-nano whose vision is taken; the crate's if --start is left out too")
    flags.add_argument("--start", type=Path, help="folder of an earlier BLIP-nano")
    flags.add_argument("--heads", type=Path, help="checkpoint.pt of the run behind --start: what the patches were asked goes on from there too")
    flags.add_argument("--settle", action="store_true", help="only norms and biases learn: what averaged weights count too many or too few is set right")
    flags.add_argument("--small", type=float, default=0.5, help=f"share of the time with pictures of {SMALL} pixels")
    flags.add_argument("--decay", type=float, default=0.25, help="share of the time, at the end, in which the rate falls")
    flags.add_argument("--clean", action="store_true", help="Caltech-101 and drawn scenes only")
    flags.add_argument("--device", default="cpu")
    flags.add_argument("--report-every", type=float, default=1200, help="seconds; the average of the weights is kept then, for `vision.export blip --kept`")
    return flags


def main():
    args = options.parse(flags())
    if args.clean and not args.clip:
        raise SystemExit("--clean: name the CLIP-nano of the clean variant too (--clip FOLDER); the crate's saw research-only photographs")
    args.clip = args.clip or (None if args.start else options.NANO / "clip")
    args.name = "blip-clean" if args.clean else "blip"
    rng = random.Random(args.seed)
    vocabulary = data.vocabulary(args)
    truths = tags.Truths(vocabulary.taught, vocabulary.labels)
    names = ("caltech101",) if args.clean else ("flickr8k", "caltech101", "tiny_imagenet")
    sets = {name: data.load(args, name, "train", truths) for name in names}
    tokens = tokens_for(args, sets)
    model, heads = new_model(tokens.size), Centres(256)
    run = runs.Run(args.work, args.name, args.minutes, args.decay)
    if not (run.folder / "checkpoint.pt").exists():
        if args.start:
            earlier = BlipForConditionalGeneration.from_pretrained(args.start).float()
            warm_start.resize_blip(earlier, SIZE)
            model.load_state_dict(earlier.state_dict())
        if args.clip:
            start_from_clip(model, args.clip, sets)
        if args.heads:
            heads.load_state_dict(torch.load(args.heads, map_location="cpu", weights_only=True)["heads"])
    model, heads = model.to(args.device), heads.to(args.device)
    learned = torch.nn.ModuleDict({"model": model, "heads": heads})
    mean = copy.deepcopy(model).requires_grad_(False).eval()
    if args.settle:
        for parameter in learned.parameters():
            parameter.requires_grad_(parameter.ndim < 2)
    steppers = runs.optimizers(learned, args.rate, lambda name: ".layer" in name, {"model.vision_model": 0.5})
    parts = {"model": model, "mean": mean, "heads": heads, "muon": steppers[0], "adamw": steppers[1]}
    if run.resume(**parts):
        rng.seed(args.seed + run.step)  # and so another pool of drawn pictures
    batches = Batches(sets, data.Drawn(truths, rng, kinds=DRAWN_KINDS), rng)
    sums, due = [], run.elapsed + args.report_every
    model.train()
    while run.share < 1:
        batches.most = SMALL if run.share < args.small else SIZE
        batch = batches.next()
        taught, centres = losses(model, heads, tokens, batch, args.device)
        runs.step(taught + CENTRES * centres, learned, steppers, args.rate * run.rate())
        runs.average(mean, model, min(AVERAGED, 1 - 4 / (run.step + 5)))
        sums.append((taught.item(), centres.item()))
        run.step, run.seen = run.step + 1, run.seen + len(batch.photos) + len(batch.drawings)
        if run.step % 50 == 0:
            taught, centres = (round(sum(column) / len(column), 3) for column in zip(*sums[-50:]))
            run.report(taught=taught, centres=centres)
        run.save(300, **parts)
        if run.elapsed > due:
            run.report(**measure(mean, tokens, args, 200))
            torch.save(mean.state_dict(), run.folder / f"mean-{run.step}.pt")
            due = run.elapsed + args.report_every
    run.save(**parts)


if __name__ == "__main__":
    main()
