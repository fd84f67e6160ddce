"""CLIP's tokenizer: lower-case BPE with `</w>`, start and end as the last two ids, as the published ones have."""

import json
import shutil
from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

import options
import scenes

START, END = "<|startoftext|>", "<|endoftext|>"
SIZE, LONGEST = 4096, 32
SPLIT = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


def train(texts) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(unk_token=END, end_of_word_suffix="</w>", continuing_subword_prefix=""))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(SPLIT), "removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    kept = SIZE - 2 - len(alphabet)
    trainer = trainers.BpeTrainer(vocab_size=kept, min_frequency=2, initial_alphabet=alphabet, end_of_word_suffix="</w>")
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.model = with_every_byte(json.loads(tokenizer.to_str())["model"], alphabet)
    tokenizer.add_special_tokens([START, END])
    ends = [(token, tokenizer.token_to_id(token)) for token in (START, END)]
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{START} $A {END}", special_tokens=ends)
    return tokenizer


def with_every_byte(model: dict, alphabet: list[str]) -> models.BPE:
    """The trainer keeps only the word ends that it met; with all of them no text is unknown, as in the published ones."""
    vocabulary = dict(model["vocab"])
    for piece in (*(f"{byte}</w>" for byte in sorted(alphabet)), START, END):
        vocabulary.setdefault(piece, len(vocabulary))
    merges = [tuple(merge) for merge in model["merges"]]
    return models.BPE(vocabulary, merges, unk_token=END, end_of_word_suffix="</w>", continuing_subword_prefix="")


class Tokens:
    def __init__(self, path: Path):
        self.tokenizer = Tokenizer.from_file(str(path))
        self.size = self.tokenizer.get_vocab_size()
        self.start, self.end = (self.tokenizer.token_to_id(token) for token in (START, END))

    def __call__(self, texts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """(ids, mask), padded with the end token, cut to 32."""
        rows = [encoding.ids for encoding in self.tokenizer.encode_batch(texts)]
        rows = [row if len(row) <= LONGEST else [*row[: LONGEST - 1], self.end] for row in rows]
        longest = max(map(len, rows))
        ids = torch.tensor([row + [self.end] * (longest - len(row)) for row in rows])
        return ids, torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])


def load_or_train(args, tags: list[str], sets) -> Tokens:
    path = args.work / ("clip-clean" if args.clean else "clip") / "tokenizer.json"
    if args.start and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(args.start / "tokenizer.json", path)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        told = [caption for photos in sets.values() for five in photos.captions or () for caption in five]
        attributes = (options.VOCAB / "attributes.txt").read_text().splitlines()
        shapes = [f"{number} {colour} {scenes.plural(shape)}" for number in scenes.NUMBERS for colour in scenes.COLOURS for shape in scenes.SHAPES]
        train([*told, *attributes, *shapes, *(f"a photo of a {tag}" for tag in tags for _ in range(20))]).save(str(path))
    return Tokens(path)
