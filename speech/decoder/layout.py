"""Batch layout: which of the sequences being written belong to which row. A row's sequences lie side by side."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import torch

Folds = tuple[tuple[int, int], ...]  # (rows, sequences of each), of neighbours that have as many


@dataclass(frozen=True)
class Layout:
    """How many sequences each row has: its beams, or its samples."""

    widths: tuple[int, ...]

    @property
    def sequences(self) -> int:
        return sum(self.widths)

    @property
    def plain(self) -> bool:
        """Whether each row has one sequence."""
        return self.sequences == len(self.widths)

    @property
    def folds(self) -> Folds:
        return tuple((len(list(same)), width) for width, same in itertools.groupby(self.widths))

    @property
    def owners(self) -> list[int]:
        """The row of each sequence."""
        return [row for row, width in enumerate(self.widths) for _ in range(width)]

    def places(self, rows: Sequence[int]) -> list[int]:
        """Those of several rows."""
        starts = list(itertools.accumulate(self.widths, initial=0))
        return [place for row in rows for place in range(starts[row], starts[row + 1])]

    def only(self, rows: Sequence[int]) -> Layout:
        return Layout(tuple(self.widths[row] for row in rows))


def folded(query: torch.Tensor, width: int) -> torch.Tensor:
    """Queries (rows * width, heads, 1, d) of one token each as (rows, heads, width, d): all sequences of a row look at
    the same keys and values, which are then read once."""
    _, heads, _, size = query.shape
    return query.reshape(-1, width, heads, size).transpose(1, 2)


def unfolded(attended: torch.Tensor) -> torch.Tensor:
    """And back: (rows, heads, width, d) as (rows * width, 1, heads * d)."""
    return attended.transpose(1, 2).flatten(2).flatten(0, 1)[:, None]
