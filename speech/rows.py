"""A clip for an engine and how it is to be heard; and what was heard in it. No torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Audio = npt.NDArray[np.float32]
SAMPLE_RATE = 16_000
MOST_BEAMS = 5  # of a beam search


@dataclass(frozen=True)
class Options:
    """How a clip is to be heard. Rows of one batch may differ in all of them."""

    language: str | None = None  # None: detected
    languages: tuple[str, ...] = ()  # what detection may choose from; empty: everything
    task: str = "transcribe"  # or "translate", into English
    prompt: str | None = None
    timestamps: bool = False
    words: bool = False  # the time of each word too
    beam: int | None = None  # beams of the search, up to MOST_BEAMS; 1: greedy; None: as the engine is set
    fallback: bool = True  # try higher temperatures where the text looks wrong
    max_tokens: int | None = None  # stop after so many; None: half the model's context
    window: str | None = None  # "padded" or "bucketed"; None: as the engine is set


@dataclass(frozen=True)
class Row:
    """One clip of a batch: float32 (samples,), 16 kHz, `window_seconds` at most; and how it is to be heard."""

    audio: Audio
    options: Options = Options()
    rate: int = SAMPLE_RATE  # samples a second; an engine resamples nothing, and refuses any other
    first: Hypothesis | None = None  # what was heard at temperature 0, where only the higher ones are to be tried


@dataclass(frozen=True)
class Word:
    """A word between two times, seconds from the clip's start, as it stands in the text (leading space and all)."""

    start: float
    end: float
    text: str
    probability: float = 1.0


@dataclass(frozen=True)
class Segment:
    """Text between two times, seconds from the clip's start."""

    start: float
    end: float
    text: str


@dataclass(frozen=True)
class Hypothesis:
    """What an engine heard in one clip, and how sure it is."""

    text: str
    language: str
    avg_logprob: float = 0.0
    no_speech_prob: float = 0.0
    compression_ratio: float = 1.0
    temperature: float = 0.0
    segments: tuple[Segment, ...] = ()
    words: tuple[Word, ...] = ()  # empty where they were not asked for
    tokens: tuple[int, ...] = ()  # the model's own, without the special ones at the ends
