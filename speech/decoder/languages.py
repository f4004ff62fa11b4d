"""Which language is spoken: the likeliest of the language tokens after nothing but the start of a text."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from speech.decoder.model import Attended, Model
from speech.decoder.vocabulary import Vocabulary


def detected(
    model: Model, vocabulary: Vocabulary, heard: list[Attended], allowed: Sequence[Sequence[str]]
) -> list[str]:
    """Each row's language, out of those that are allowed to it."""
    rows = len(allowed)
    start = torch.full((rows, 1), vocabulary.start, device=model.device)
    hidden = model.decode(start, torch.zeros_like(start), heard, model.cache(rows), None)
    logits = model.logits(hidden[:, -1])
    tokens = vocabulary.language_tokens
    return [
        max(codes, key=dict(zip(codes, row[[tokens[code] for code in codes]].tolist(), strict=True)).__getitem__)
        for row, codes in zip(logits, allowed, strict=True)
    ]
