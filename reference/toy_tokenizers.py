"""Toy tokenizers of the three families, with the pipelines of the published `tokenizer.json` files."""

import io
import tempfile
from pathlib import Path

import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from .corpus import SENTENCES

CLIP_PATTERN = (
    r"""<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"""
)
FULL_WIDTH = "\n".join(f"{code + 0xFEE0:X}\t{code:X}" for code in range(0x21, 0x7F))
LIGATURES = "FB01\t66 69\nFB02\t66 6C\n09\t20\nA\t20\n3000\t20"


def clip_tokenizer(merges: int = 60, extra: int = 0) -> Tokenizer:
    """Byte-level BPE whose words end in `</w>`. The end token has the highest id, but for `extra` added tokens."""
    learned = _learn_merges(merges)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = alphabet + [byte + "</w>" for byte in alphabet] + [a + b for a, b in learned]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    vocab = {token: i for i, token in enumerate(dict.fromkeys(tokens))}
    model = models.BPE(
        vocab=vocab, merges=learned, end_of_word_suffix="</w>", continuing_subword_prefix="", unk_token="<|endoftext|>"
    )
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(CLIP_PATTERN), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|startoftext|>", "<|endoftext|>"])
    tokenizer.add_tokens([f"<extra{i}>" for i in range(extra)])
    ends = [(name, tokenizer.token_to_id(name)) for name in ("<|endoftext|>", "<|startoftext|>")]
    tokenizer.post_processor = processors.RobertaProcessing(*ends, trim_offsets=False, add_prefix_space=False)
    return tokenizer


def _learn_merges(count: int) -> list[tuple[str, str]]:
    """Plain BPE over the words of the corpus; ties go to the smaller pair, so that the result is one."""
    words = [[*word[:-1], word[-1] + "</w>"] for line in SENTENCES for word in line.split() if word.isalpha()]
    merges = []
    for _ in range(count):
        pairs: dict[tuple[str, str], int] = {}
        for word in words:
            for pair in zip(word, word[1:]):
                pairs[pair] = pairs.get(pair, 0) + 1
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        words = [_merge(word, best) for word in words]
    return merges


def _merge(word: list[str], pair: tuple[str, str]) -> list[str]:
    merged = []
    for symbol in word:
        if merged and (merged[-1], symbol) == pair:
            merged[-1] += symbol
        else:
            merged.append(symbol)
    return merged


def bert_tokenizer(words: int = 90) -> Tokenizer:
    """WordPiece, uncased: the corpus's most frequent words, and every letter as a start and as a continuation."""
    counts: dict[str, int] = {}
    for word in " ".join(SENTENCES).split():
        if word.isalpha():
            counts[word] = counts.get(word, 0) + 1
    frequent = sorted(counts, key=lambda word: (-counts[word], word))[:words]
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *".,;:?!'\"-%&<>/\\", *letters]
    tokens += ["##" + letter for letter in letters] + ["##ing", "##ed", "##er", "##s", *frequent]
    vocab = {token: i for i, token in enumerate(dict.fromkeys(tokens))}
    tokenizer = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix="##", cleanup=True)
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    special = [(name, vocab[name]) for name in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0", pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1", special_tokens=special
    )
    return tokenizer


def t5_tokenizer(pieces: int = 150, sentinels: int = 10) -> Tokenizer:
    """SentencePiece unigram as T5's: ids <pad> 0, </s> 1, <unk> 2, sentinels last, a compiled normaliser."""
    model = _train_sentencepiece(pieces)
    vocab = [(piece.piece, piece.score) for piece in model.pieces]
    extra = [f"<extra_id_{i}>" for i in reversed(range(sentinels))]
    tokenizer = Tokenizer(models.Unigram(vocab + [(token, 0.0) for token in extra], unk_id=2, byte_fallback=False))
    tokenizer.normalizer = normalizers.Precompiled(model.normalizer_spec.precompiled_charsmap)
    metaspace = {"replacement": "▁", "prepend_scheme": "always", "split": True}
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(**metaspace)]
    )
    tokenizer.decoder = decoders.Metaspace(**metaspace)
    tokenizer.add_special_tokens(["<pad>", "</s>", "<unk>", *extra])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)]
    )
    return tokenizer


def _train_sentencepiece(pieces: int) -> sentencepiece_model_pb2.ModelProto:
    """A small rule file keeps the compiled normaliser small: T5's own would fill a quarter of a megabyte."""
    out = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        rules = Path(folder, "rules.tsv")
        rules.write_text(f"{FULL_WIDTH}\n{LIGATURES}\n", encoding="utf-8")
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(SENTENCES), model_writer=out, vocab_size=pieces, model_type="unigram",
            normalization_rule_tsv=str(rules), pad_id=0, eos_id=1, unk_id=2, bos_id=-1, pad_piece="<pad>",
            num_threads=1, minloglevel=2,
        )
    model = sentencepiece_model_pb2.ModelProto()
    model.ParseFromString(out.getvalue())
    return model
