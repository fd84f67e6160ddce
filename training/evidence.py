"""What nano's CLIP and BLIP say about the pictures of the pack: the evidence that the reader learns to read.

    python evidence.py --data PACK --work WORK [--clip FOLDER --blip FOLDER]

Writes WORK/evidence/{flickr8k,caltech101,tiny_imagenet,scenes,texts}_{train,val}.jsonl (the last two are of the pictures
of `drawn.py`), one line per picture with its row number, tags and attributes (best first) and captions (the beam-search caption first, then samples, those that fit best first).
"""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from transformers import BlipForConditionalGeneration, CLIPModel, PreTrainedTokenizerFast

import drawn
import options
import pack

MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(1, 3, 1, 1)
STD = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(1, 3, 1, 1)
BATCH = 64


def normalised(pictures, side: int) -> torch.Tensor:
    """(N, 3, side, side) from bytes, squashed by Pillow's bicubic filter as the library does."""
    squashed = np.stack([pack.squash(pack.Image.fromarray(picture), side) for picture in pictures])
    return (torch.from_numpy(squashed).permute(0, 3, 1, 2) / 255 - MEAN) / STD


class Tagger:
    """CLIP over the embedded vocabulary."""

    def __init__(self, folder, vocab):
        self.model = CLIPModel.from_pretrained(folder).float().eval()
        self.tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))
        self.side = self.model.config.vision_config.image_size
        self.tags = (vocab / "tags.txt").read_text().splitlines()
        self.attributes = (vocab / "attributes.txt").read_text().splitlines()
        self.tag_rows = self.embed([f"a photo of a {tag}" for tag in self.tags])
        self.attribute_rows = self.embed(self.attributes)

    def embed(self, texts):
        longest = self.model.config.text_config.max_position_embeddings
        end = self.model.config.text_config.eos_token_id
        rows = []
        for start in range(0, len(texts), 256):
            ids = [self.tokenizer(text).input_ids for text in texts[start : start + 256]]
            ids = [row if len(row) <= longest else row[: longest - 1] + row[-1:] for row in ids]
            width = max(map(len, ids))
            mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in ids])
            padded = torch.tensor([row + [end] * (width - len(row)) for row in ids])
            rows.append(self.model.text_projection(self.model.text_model(padded, attention_mask=mask).pooler_output))
        return F.normalize(torch.cat(rows), dim=-1)

    def __call__(self, pictures, captions, count=8):
        """(tags, attributes, the captions in their order: the first stays, the others as they fit), each per picture."""
        inputs = normalised(pictures, self.side)
        rows = F.normalize(self.model.visual_projection(self.model.vision_model(inputs).pooler_output), dim=-1)

        def best(texts, table):
            return [[texts[i] for i in line] for line in (rows @ table.T).topk(count).indices.tolist()]

        ordered = [[told[0], *self.by_fit(row, told[1:])] for row, told in zip(rows, captions)]
        return best(self.tags, self.tag_rows), best(self.attributes, self.attribute_rows), ordered

    def by_fit(self, row, captions):
        fits = (self.embed(captions) @ row).tolist()
        return [caption for _, caption in sorted(zip(fits, captions), reverse=True)]


class Earlier:
    """The captions of an earlier run, where only CLIP has changed."""

    def __init__(self, folder):
        self.folder = folder

    def captions(self, name, split, start, pictures, samples):
        lines = (self.folder / f"{name}_{split}.jsonl").read_text().splitlines()[start : start + len(pictures)]
        return [json.loads(line)["captions"][: samples + 1] for line in lines]


class Captioner:
    """BLIP: one beam-5 caption, then samples."""

    def __init__(self, folder):
        self.model = BlipForConditionalGeneration.from_pretrained(folder).float().eval()
        self.tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))
        self.side = self.model.config.vision_config.image_size
        self.prompt = self.tokenizer("a picture of").input_ids

    def captions(self, name, split, start, pictures, samples):
        inputs = normalised(pictures, self.side)
        beams = self.generate(inputs, num_beams=5, max_length=30, min_length=10)
        sampled = self.generate(
            inputs, do_sample=True, top_k=50, temperature=0.8, max_length=30, min_length=10, num_return_sequences=samples
        )
        return [
            [beam, *sampled[index * samples : (index + 1) * samples]] for index, beam in enumerate(beams)
        ]

    def generate(self, inputs, **how):
        ids = torch.tensor([self.prompt] * len(inputs))
        output = self.model.generate(pixel_values=inputs, input_ids=ids, attention_mask=torch.ones_like(ids), **how)
        texts = self.tokenizer.batch_decode(output[:, len(self.prompt) - 1 :].tolist(), skip_special_tokens=True)
        return [text.replace("[DEC]", "").replace("a picture of", "", 1).strip() for text in texts]


def see(args, tagger, captioner, name, split, pictures, samples):
    target = args.work / "evidence" / f"{name}_{split}.jsonl"
    target.parent.mkdir(parents=True, exist_ok=True)
    done = sum(1 for _ in target.open()) if target.exists() else 0
    with target.open("a") as out:
        for start in range(done, len(pictures), BATCH):
            batch = pictures[start : start + BATCH]
            tags, attributes, captions = tagger(batch, captioner.captions(name, split, start, batch, samples))
            for offset in range(len(batch)):
                record = {"row": start + offset, "tags": tags[offset]}
                record |= {"attributes": attributes[offset], "captions": captions[offset]}
                out.write(json.dumps(record) + "\n")
            out.flush()


@torch.no_grad()
def main():
    flags = options.parser(__doc__.splitlines()[0])
    flags.add_argument("--limit", type=int, default=1500, help="pictures per split of the label sets")
    flags.add_argument("--captioned", type=int, help="pictures per split of Flickr8k")
    flags.add_argument("--drawn", type=int, default=1000, help="drawn pictures of each kind per split")
    flags.add_argument("--splits", nargs="+", default=["val", "train"])
    flags.add_argument("--samples", type=int, default=10, help="sampled captions per picture")
    flags.add_argument("--clip", type=Path, default=options.NANO / "clip", help="folder")
    flags.add_argument("--blip", type=Path, default=options.NANO / "blip", help="folder")
    flags.add_argument("--captions-of", type=Path, help="folder of an earlier evidence: only CLIP looks again")
    args = options.parse(flags)
    tagger = Tagger(args.clip, options.NANO / "vocab")
    captioner = Earlier(args.captions_of) if args.captions_of else Captioner(args.blip)
    for split in args.splits:
        for name in pack.SIDES:
            limit = args.captioned if name == "flickr8k" else args.limit
            see(args, tagger, captioner, name, split, pack.pixels(args.data, args.work, name, split)[:limit], args.samples)
        for name in drawn.PICTURES:
            see(args, tagger, captioner, name, split, drawn.pictures(name, split, args.drawn), args.samples)


if __name__ == "__main__":
    main()
