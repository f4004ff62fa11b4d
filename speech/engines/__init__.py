"""What an engine is: options in, hypotheses out, and what it can do. Engines themselves are modules here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Audio = npt.NDArray[np.float32]
SILENCE: Audio = np.zeros(16_000, np.float32)


@dataclass(frozen=True)
class Options:
    """How a clip is to be heard. Clips with equal options can share a batch."""

    language: str | None = None  # None: detected
    languages: tuple[str, ...] = ()  # what detection may choose from; empty: everything
    task: str = "transcribe"  # or "translate", into English
    prompt: str | None = None
    timestamps: bool = False
    fallback: bool = True  # try higher temperatures where the text looks wrong


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


@dataclass(frozen=True)
class Capabilities:
    """What an engine with its model can do; callers ask this, never which class it is."""

    languages: tuple[str, ...]
    translates: bool
    timestamps: bool = True
    prompts: bool = True
    window_seconds: float = 30.0  # the longest clip of one row
    batch: int = 8  # rows decoded together at most


class EngineError(Exception):
    """A batch failed. `retryable`: whether the same clip may succeed later."""

    def __init__(self, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.retryable = retryable


class Engine(Protocol):
    """A model that is loaded. Used from one thread only."""

    name: str
    model: str
    device: str
    demo: bool
    capabilities: Capabilities

    def transcribe(self, clips: Sequence[Audio], options: Options) -> list[Hypothesis]:
        """One hypothesis a clip, in order. Clips: float32 (samples,), 16 kHz, `window_seconds` at most."""
        ...


def probe(engine: Engine) -> None:
    """Let `engine` hear a second of silence: one that works does so without an error, whatever it makes of it."""
    engine.transcribe([SILENCE], Options(fallback=False))
