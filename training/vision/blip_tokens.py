"""BLIP's tokenizer: lower-case WordPiece with BERT's special tokens and BLIP's two."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

import scenes

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[DEC]", "[ENC]"]
PAD, UNK, CLS, SEP, MASK, DEC, ENC = range(7)
SIZE, LONGEST, PROMPT = 4096, 32, "a picture of"


def train(texts) -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(texts, trainers.WordPieceTrainer(vocab_size=SIZE, min_frequency=2, special_tokens=SPECIAL))
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", CLS), ("[SEP]", SEP)]
    )
    return tokenizer


class Tokens:
    def __init__(self, path: Path):
        self.tokenizer = Tokenizer.from_file(str(path))
        self.size = self.tokenizer.get_vocab_size()
        self.prompt = [DEC, *self.plain(PROMPT)]
        self.numbers = torch.tensor([place for word in scenes.NUMBERS for place in self.plain(word)])

    def plain(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def __call__(self, captions: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """(ids, labels): the prompt and the padding are not learned."""
        rows = [[*self.prompt, *self.plain(caption)][: LONGEST - 1] + [SEP] for caption in captions]
        longest = max(map(len, rows))
        ids = torch.tensor([row + [PAD] * (longest - len(row)) for row in rows])
        labels = ids.masked_fill(ids == PAD, -100)
        labels[:, : len(self.prompt)] = -100
        return ids, labels

    def text(self, ids: list[int]) -> str:
        kept = ids[len(self.prompt) :]
        return self.tokenizer.decode(kept[: kept.index(SEP)] if SEP in kept else kept)
