"""Language detection: the likeliest of the language tokens after nothing but the start of a text.

The encoder's positions are moments (20 ms each), so the same question can be asked of a part of a clip by letting
cross-attention see that part alone. That costs one step of the decoder, and no second run of the encoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from speech.decoder.model import Attended, Model
from speech.decoder.vocabulary import Vocabulary
from speech.language_evidence import weight

MOMENTS_A_SECOND = 50  # positions of the encoder


@dataclass(frozen=True)
class Guess:
    """A language and how likely it is among those allowed (0 to 1)."""

    code: str
    probability: float


def detected(
    model: Model,
    vocabulary: Vocabulary,
    heard: list[Attended],
    allowed: Sequence[Sequence[str]],
    expected: Sequence[Sequence[str]] = (),
) -> list[Guess]:
    """Each row's language, out of those `allowed` to it. `expected`: the languages of its speaker's last lines, as
    far as they are to count."""
    rows = len(allowed)
    start = torch.full((rows, 1), vocabulary.start, device=model.device)
    hidden = model.decode(start, torch.zeros_like(start), heard, model.cache(rows), None)
    logits = model.logits(hidden[:, -1])
    tokens = vocabulary.language_tokens
    before: Sequence[Sequence[str]] = expected or [()] * rows
    found = []
    for row, codes, spoken in zip(logits, allowed, before, strict=True):
        weights = torch.tensor([weight(code, spoken) for code in codes], device=model.device)
        chances = (row[[tokens[code] for code in codes]] + weights.log()).softmax(dim=-1)
        best = int(chances.argmax())
        found.append(Guess(codes[best], float(chances[best])))
    return found


def between(heard: list[Attended], start: float, end: float) -> list[Attended]:
    """What cross-attention reads of one row's seconds from `start` to `end`, a position at least."""
    first = int(start * MOMENTS_A_SECOND)
    last = max(first + 1, int(end * MOMENTS_A_SECOND))
    return [(keys[:, :, first:last], values[:, :, first:last]) for keys, values in heard]
