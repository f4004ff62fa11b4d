"""KV cache of the decoder's self-attention: keys and values of every layer, for each sequence that is being written."""

from __future__ import annotations

import copy

import torch
from whisper.model import ModelDimensions

Attended = tuple[torch.Tensor, torch.Tensor]  # keys and values, each (rows, heads, positions, width / heads)

GROWTH = 64  # positions that are added when the filled ones reach the end: most texts need few of the 448


class Cache:
    """Keys and values (layers, 2, sequences, heads, positions, width / heads). Grows with the text."""

    def __init__(self, dims: ModelDimensions, dtype: torch.dtype, device: torch.device, sequences: int) -> None:
        self._dims = dims
        self.length = 0  # positions that are filled
        self._kept = self._empty(dtype, device, sequences, min(GROWTH, dims.n_text_ctx))

    def extended(self, layer: int, keys: torch.Tensor, values: torch.Tensor) -> Attended:
        """Everything up to and with these new positions. `length` grows when all layers have them."""
        end = self.length + keys.shape[2]
        if end > self._kept.shape[4]:
            self._grow(end)
        kept = self._kept[layer]
        kept[0, :, :, self.length : end] = keys
        kept[1, :, :, self.length : end] = values
        return kept[0, :, :, :end], kept[1, :, :, :end]

    def select(self, sequences: torch.Tensor) -> None:
        """Go on with these sequences: fewer, or one several times."""
        self._kept = self._kept[..., : self._room(self.length), :].index_select(2, sequences)

    def reorder(self, sources: torch.Tensor, since: int) -> None:
        """Let each sequence go on from another one's text: `sources` (sequences,). Only what lies at `since` and later
        is copied; before it, a sequence and its source are the same."""
        moved = (sources != torch.arange(len(sources), device=sources.device)).nonzero()[:, 0]
        if len(moved) and since < self.length:
            written = self._kept[..., since : self.length, :]
            written[:, :, moved] = written[:, :, sources[moved]]

    def _room(self, length: int) -> int:
        """Positions to have memory for, where so many are filled."""
        return min(int(self._dims.n_text_ctx), -(-max(1, length) // GROWTH) * GROWTH)

    def _grow(self, length: int) -> None:
        old = self._kept
        self._kept = self._empty(old.dtype, old.device, old.shape[2], self._room(length))
        self._kept[..., : self.length, :] = old[..., : self.length, :]

    def _empty(self, dtype: torch.dtype, device: torch.device, sequences: int, positions: int) -> torch.Tensor:
        heads, width = self._dims.n_text_head, self._dims.n_text_state
        shape = (self._dims.n_text_layer, 2, sequences, heads, positions, width // heads)
        return torch.zeros(shape, dtype=dtype, device=device)


class StaticCache(Cache):
    """The same with room for the whole context and its length in a tensor, so that a step is the same computation each
    time and can be captured. Attention covers all positions; the mask leaves out those that are not filled."""

    def __init__(self, dims: ModelDimensions, dtype: torch.dtype, device: torch.device, sequences: int) -> None:
        super().__init__(dims, dtype, device, 0)
        self._kept = self._empty(dtype, device, sequences, dims.n_text_ctx)
        self.at = torch.zeros(1, dtype=torch.long, device=device)

    def of(self, sequences: int) -> StaticCache:
        """The first sequences of it, in the same memory."""
        part = copy.copy(self)
        part._kept = self._kept[:, :, :sequences]
        return part

    def extended(self, layer: int, keys: torch.Tensor, values: torch.Tensor) -> Attended:
        kept, n = self._kept[layer], keys.shape[2]
        if n > 1:  # what is given, which nobody captures
            kept[0, :, :, :n] = keys
            kept[1, :, :, :n] = values
            return keys, values
        kept[0].index_copy_(2, self.at, keys)
        kept[1].index_copy_(2, self.at, values)
        return kept[0], kept[1]

    def copy(self, sources: torch.Tensor, since: int, length: int) -> None:
        """Let each sequence go on from what another one has from `since` up to `length`: `sources` (sequences,). In
        place, between two captured steps, and without looking at the numbers, which would be a synchronisation."""
        filled = self._kept[..., since:length, :]
        filled[:, :, : len(sources)] = filled.index_select(2, sources)
