"""Decoding steps as they come: attention covers what is written and no more, and rows that are done leave."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from speech.decoder.layout import Layout
from speech.decoder.model import Attended, Model


class Eager:
    """A stepper that computes each step when it is asked for."""

    def __init__(self, model: Model, heard: list[Attended], layout: Layout) -> None:
        self._model, self._heard = model, heard
        self.layout = layout
        self._cache = model.cache(len(layout.widths))
        self._padding = torch.zeros(0)
        self._padded = False

    def begin(self, tokens: torch.Tensor, padding: torch.Tensor) -> torch.Tensor:
        self._padded = bool(padding.any())
        positions = given_positions(tokens, padding)
        hidden = self._model.decode(tokens, positions, self._heard, self._cache, given_mask(tokens, padding))
        self._given = tokens.shape[1]
        owners = torch.tensor(self.layout.owners, device=tokens.device)
        self._padding = padding[owners]
        if not self.layout.plain:
            self._cache.select(owners)
        return hidden

    def reorder(self, sources: torch.Tensor, since: int, written: int) -> None:
        self._cache.reorder(sources, self._given + since)

    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        at = self._cache.length
        positions = (at - self._padding)[:, None]
        mask = None
        if self._padded:
            mask = (torch.arange(at + 1, device=tokens.device) >= self._padding[:, None])[:, None, None]
        folds = None if self.layout.plain else self.layout.folds
        hidden = self._model.decode(tokens[:, None], positions, self._heard, self._cache, mask, folds)
        return self._model.logits(hidden[:, -1])

    def keep(self, rows: Sequence[int]) -> bool:
        places = torch.tensor(self.layout.places(rows), device=self._padding.device)
        at = torch.tensor(rows, device=self._padding.device)
        self.layout = self.layout.only(rows)
        self._cache.select(places)
        self._heard = [(keys[at], values[at]) for keys, values in self._heard]
        self._padding = self._padding[places]
        return True


def given_positions(tokens: torch.Tensor, padding: torch.Tensor) -> torch.Tensor:
    """The place (rows, n) of each given token in its row; padding lies at the first."""
    places = torch.arange(tokens.shape[1], device=tokens.device)
    return (places - padding[:, None]).clamp(min=0)


def given_mask(tokens: torch.Tensor, padding: torch.Tensor) -> torch.Tensor | None:
    """Bool (rows, 1, n, n): each token looks at itself and those before it, padding left out."""
    n = tokens.shape[1]
    if n == 1:
        return None
    at = torch.arange(n, device=tokens.device)
    real = at >= padding[:, None]  # (rows, n)
    causal = at[None, :] <= at[:, None]
    itself = at[None, :] == at[:, None]  # padding sees itself, for a softmax over nothing is no number
    return (causal & (real[:, None] | itself))[:, None]
