"""Decoding plan of one row, and what was written by it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """How one row is to be written: by beam search, or by sampling, one text for each temperature (0: greedy)."""

    given: tuple[int, ...]  # what stands before its text: earlier text, language, task
    start: int  # where in it <|startoftranscript|> stands
    cap: int  # tokens of text at most
    timestamps: bool = False
    beam: int = 1  # sequences of the search; 1: no search
    temperatures: tuple[float, ...] = (0.0,)  # with a beam: 0 alone
    least: float = -math.inf  # a sampled text less likely than this (the sum) is given up; so is one that loops

    @property
    def width(self) -> int:
        """Sequences that are written at a time."""
        return max(self.beam, len(self.temperatures))


@dataclass(frozen=True)
class Decoded:
    """One text that was written for a row."""

    tokens: tuple[int, ...]  # without the end of text
    sum_logprob: float
    no_speech_prob: float
    given_up: bool = False  # before its end

    @property
    def avg_logprob(self) -> float:
        return self.sum_logprob / (len(self.tokens) + 1)


# Whether a row needs no more of its texts, by its number and what there is of them: None for one still being written.
Enough = Callable[[int, Sequence[Decoded | None]], bool]


def never_enough(row: int, texts: Sequence[Decoded | None]) -> bool:
    """Every text is written to its end."""
    return False
