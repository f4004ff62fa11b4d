"""What an engine is: rows in, hypotheses out, and what it can do. Engines themselves are modules here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from speech.audio.samples import SAMPLE_RATE as SAMPLE_RATE
from speech.audio.samples import Audio as Audio
from speech.engine_types import MOST_BEAMS as MOST_BEAMS
from speech.engine_types import Hypothesis as Hypothesis
from speech.engine_types import Options as Options
from speech.engine_types import Row as Row
from speech.engine_types import Segment as Segment
from speech.engine_types import Turn as Turn
from speech.engine_types import Word as Word

SILENCE: Audio = np.zeros(SAMPLE_RATE, np.float32)
# what torch, its processor's allocator, cuBLAS and CTranslate2 say when there is not enough of it
NO_MEMORY = ("out of memory", "allocate memory", "not enough memory", "alloc_failed")
FULL_SCALE = 1000.0  # audio lies within +-1; beyond this it is in another unit, and larger still it has no finite power


@dataclass(frozen=True)
class Capabilities:
    """What an engine with its model can do; callers ask this, never which class it is."""

    languages: tuple[str, ...]
    translates: bool
    timestamps: bool = True
    words: bool = False
    prompts: bool = True
    window_seconds: float = 30.0  # the longest clip of one row
    batch: int = 8  # rows decoded together at most


class EngineError(Exception):
    """A row failed, or a batch. `retryable`: whether the same clip may succeed later."""

    def __init__(self, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.retryable = retryable


Outcome = Hypothesis | EngineError


class Engine(Protocol):
    """A model that is loaded. Used from one thread only."""

    name: str
    model: str
    device: str
    demo: bool
    capabilities: Capabilities

    def transcribe(self, rows: Sequence[Row]) -> list[Outcome]:
        """One outcome a row, in order: a row that cannot be heard is an `EngineError` in its place, and its
        neighbours get their text all the same. Raises `EngineError` where the whole batch is lost."""
        ...


def refusal(row: Row, capabilities: Capabilities) -> EngineError | None:
    """Why a row can never be heard by an engine that can do this, or None."""
    why = _wrong_audio(row, capabilities) or _wrong_options(row.options, capabilities)
    return EngineError(why, retryable=False) if why else None


def _wrong_audio(row: Row, can: Capabilities) -> str:
    audio = row.audio
    if not isinstance(audio, np.ndarray) or audio.ndim != 1 or audio.dtype != np.float32:
        return "audio is not float32 of one dimension"
    if row.rate != SAMPLE_RATE:
        return f"audio has {row.rate} samples a second, not {SAMPLE_RATE}"
    if not audio.size:
        return "there is no audio"
    if len(audio) > can.window_seconds * SAMPLE_RATE:
        return f"audio is longer than {can.window_seconds:g} s"
    if not np.isfinite(audio).all():
        return "audio holds values that are no numbers"
    if max(audio.max(), -audio.min()) > FULL_SCALE:
        return "audio is far beyond full scale, which is 1"
    return ""


def _wrong_options(options: Options, can: Capabilities) -> str:
    if options.language is not None and options.language not in can.languages:
        return "the model does not know the language"
    if options.languages and not set(options.languages) & set(can.languages):
        return "the model knows none of the languages"
    if options.task not in ("transcribe", "translate") or (options.task == "translate" and not can.translates):
        return "the model does not know the task"
    if options.max_tokens is not None and options.max_tokens < 1:
        return "a text has one token at least"
    if options.beam is not None and not 1 <= options.beam <= MOST_BEAMS:
        return f"a search has 1 to {MOST_BEAMS} beams"
    if options.window not in (None, "padded", "bucketed"):
        return "a window is padded or bucketed"
    return ""


def lost(error: Exception) -> EngineError:
    """What an error of a model's library means for the clips it was raised over: too little memory may do for fewer of
    them, or later. The libraries have no common type for that, only the words; nothing else of theirs is passed on, for
    it may quote what was said."""
    if isinstance(error, EngineError):
        return error
    if isinstance(error, MemoryError) or any(words in str(error).lower() for words in NO_MEMORY):
        return EngineError("out of memory", retryable=True)
    return EngineError(f"{type(error).__name__} in the engine", retryable=False)


def probe(engine: Engine) -> None:
    """Let `engine` hear a second of silence: one that works does so without an error, whatever it makes of it.
    Raises `EngineError`."""
    for outcome in engine.transcribe([Row(SILENCE, Options(fallback=False))]):
        if isinstance(outcome, EngineError):
            raise outcome
