"""Engine types: what an engine is given (Row, Options) and what it returns (Hypothesis, Segment, Word). No torch."""

from __future__ import annotations

from dataclasses import dataclass

from speech.audio.samples import SAMPLE_RATE, Audio, Span

MOST_BEAMS = 5  # of a beam search


@dataclass(frozen=True)
class Options:
    """How a clip is to be heard. Rows of one batch may differ in all of them."""

    language: str | None = None  # None: detected
    languages: tuple[str, ...] = ()  # what detection may choose from; empty: everything
    task: str = "transcribe"  # or "translate", into English
    english: bool = False  # the English of the text as well, where the model translates
    prompt: str | None = None
    timestamps: bool = False
    words: bool = False  # the time of each word too
    beam: int | None = None  # beams of the search, up to MOST_BEAMS; 1: greedy; None: as the engine is set
    fallback: bool = True  # try higher temperatures where the text looks wrong
    max_tokens: int | None = None  # stop after so many; None: half the model's context
    window: str | None = None  # "padded" or "bucketed"; None: as the engine is set
    expected: tuple[str, ...] = ()  # languages of the speaker's last lines: evidence where the sound leaves doubt


@dataclass(frozen=True)
class Row:
    """One clip of a batch: float32 (samples,), 16 kHz, `window_seconds` at most; and how it is to be heard."""

    audio: Audio
    options: Options = Options()
    rate: int = SAMPLE_RATE  # samples a second; an engine resamples nothing, and refuses any other
    speech: tuple[Span, ...] = ()  # where in it somebody speaks, seconds; empty: unknown
    first: Hypothesis | None = None  # its text at temperature 0, where only the higher temperatures are to be tried


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
class Turn:
    """A part of a clip, seconds from its start, in one language."""

    start: float
    end: float
    language: str


@dataclass(frozen=True)
class Hypothesis:
    """What an engine heard in one clip, and how sure it is. `turns`: the clip's parts where it found more than one
    language in it; then there is no text, for each part is to be heard alone, in its own language."""

    text: str
    language: str
    avg_logprob: float = 0.0
    no_speech_prob: float = 0.0
    compression_ratio: float = 1.0
    temperature: float = 0.0
    segments: tuple[Segment, ...] = ()
    words: tuple[Word, ...] = ()  # empty where they were not asked for
    tokens: tuple[int, ...] = ()  # the model's own, without the special ones at the ends
    turns: tuple[Turn, ...] = ()
    language_probability: float = 1.0  # 1 where the caller named the language
    english: str = ""  # the text in English; empty where it was not asked for, is not to be had, or the text is English
