"""The reader's shape: T5 v1.1 with a tied head, in the Hugging Face format."""

import torch
from transformers import T5Config, T5ForConditionalGeneration

from .tokenizer import END_ID, PAD_ID
from .wiring import wire


def new(vocabulary: int) -> T5ForConditionalGeneration:
    """Reading is harder than saying two words, so the encoder has more layers than the decoder. No dropout: the
    mixture of questions hardly repeats itself. Heads are wider than d_model / num_heads, so that words can be told
    apart by one head."""
    config = T5Config(
        vocab_size=vocabulary, d_model=128, d_kv=32, num_heads=6, d_ff=256, num_layers=4, num_decoder_layers=2,
        feed_forward_proj="gated-gelu", dropout_rate=0.0, tie_word_embeddings=True, pad_token_id=PAD_ID,
        eos_token_id=END_ID, decoder_start_token_id=PAD_ID, relative_attention_num_buckets=32,
        relative_attention_max_distance=128,
    )  # fmt: skip
    reader = T5ForConditionalGeneration(config)
    wire(reader)
    return reader


def padded(rows: list[list[int]], fill: int = PAD_ID) -> torch.Tensor:
    longest = max(map(len, rows))
    return torch.tensor([row + [fill] * (longest - len(row)) for row in rows])


@torch.no_grad()
def answers(model, tokenizer, prompts: list[str], batch: int = 64, longest: int = 24) -> list[str]:
    """Greedy answers, in the order of the prompts."""
    model.eval()
    rows = [encoding.ids for encoding in tokenizer.encode_batch(prompts)]
    order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
    texts = [""] * len(rows)
    for start in range(0, len(order), batch):
        chosen = order[start : start + batch]
        ids = padded([rows[index] for index in chosen])
        output = model.generate(input_ids=ids, attention_mask=(ids != PAD_ID).long(), max_new_tokens=longest, num_beams=1)
        for index, line in zip(chosen, output.tolist()):
            texts[index] = tokenizer.decode(line, skip_special_tokens=True).strip()
    return texts
