"""Captions learned from a reward: self-critical sequence training (Rennie et al. 2017).

Captions are sampled, and those with a better CIDEr-D than the others of their picture become likelier.
"""

import torch

from . import blip_tokens
from .cider import Cider

SAMPLES, LONGEST = 4, 24


class Reward:
    def __init__(self, tokens: blip_tokens.Tokens, captions: list[list[str]]):
        """`captions` of all training photographs: they tell how rare a phrase is."""
        self.tokens, self.scorer = tokens, Cider(captions)
        self.mean = 0.0  # CIDEr-D of the last samples

    def loss(self, model, seen: torch.Tensor, references: list[list[str]]) -> torch.Tensor:
        """For `seen` (pictures, 1 + patches, width), with gradients."""
        expanded = seen.repeat_interleave(SAMPLES, 0)
        ids = self._sample(model, expanded.detach())
        texts = [self.tokens.text(row) for row in ids.tolist()]
        rewards = torch.tensor([self.scorer.score(text, references[place // SAMPLES]) for place, text in enumerate(texts)])
        groups = rewards.view(-1, SAMPLES)
        advantage = (groups - groups.mean(1, keepdim=True)).flatten()
        advantage = advantage / advantage.std().clamp(min=1e-3)
        likelihood = self._log_likelihood(model, ids, expanded)
        self.mean = 100 * rewards.mean().item()
        return -(advantage.to(seen.device) * likelihood).mean()

    @torch.no_grad()
    def _sample(self, model, states):
        prompt = torch.tensor([self.tokens.prompt] * len(states), device=states.device)
        return model.text_decoder.generate(
            input_ids=prompt, attention_mask=torch.ones_like(prompt), encoder_hidden_states=states, do_sample=True, top_k=0,
            max_length=LONGEST, eos_token_id=blip_tokens.SEP, pad_token_id=blip_tokens.PAD,
        )  # fmt: skip

    def _log_likelihood(self, model, ids, states):
        """Mean over the tokens of each caption."""
        logits = model.text_decoder(
            input_ids=ids, attention_mask=(ids != blip_tokens.PAD).long(), encoder_hidden_states=states
        ).logits[:, len(self.tokens.prompt) - 1 : -1]
        chosen = ids[:, len(self.tokens.prompt) :]
        each = logits.float().log_softmax(-1).gather(2, chosen[..., None])[..., 0]
        kept = chosen != blip_tokens.PAD
        return (each * kept).sum(1) / kept.sum(1).clamp(min=1)
