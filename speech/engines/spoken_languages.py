"""Spoken languages of a batch: each row's, and the parts of a row where people speak more than one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from speech import language_evidence
from speech.audio.samples import Span
from speech.coverage import stretches
from speech.decoder.languages import Guess, between, detected
from speech.decoder.mel import LogMel
from speech.decoder.model import Attended, Model
from speech.decoder.vocabulary import Vocabulary
from speech.engines import SAMPLE_RATE, Audio, Row, Turn
from speech.engines.encoder_window import PADDED

LEAST_SECONDS = 1.0  # of speech, before its language is asked for: a shorter remark goes with its neighbours
LONGEST_SECONDS = 4.5  # of speech whose language is asked for at once; longer speech is parted where it is quietest,
SHORTEST_SECONDS = 2.5  # no sooner than this
QUIET_SECONDS = 0.1  # how long that quietest moment is
SUSPECT = 0.5  # how likely another language must be in the clip's own encoding, which is cheap and sometimes wrong,
SURE = 0.9  # and how likely when the part is then encoded alone: right for 58 of 58 sentences


class LanguageDetector:
    """Language detection over one model. On the engine's thread, in inference mode."""

    def __init__(self, model: Model, vocabulary: Vocabulary, mel: LogMel, languages: Sequence[str]) -> None:
        self._model, self._vocabulary, self._mel = model, vocabulary, mel
        self._languages = frozenset(languages)

    def languages(self, rows: Sequence[Row], heard: list[Attended]) -> list[Guess]:
        """The language of each row, whose encodings are in `heard`."""
        return self._guessed(rows, heard)

    def turns(self, row: Row, language: str, heard: list[Attended]) -> tuple[Turn, ...]:
        """The row's parts by language; none where it is spoken in one language, or where the caller named it.

        `heard` is the row's own encoding, `language` that of the whole. Where some part seems to be in another one,
        the parts are encoded alone before that is believed."""
        if row.options.language is not None or len(self._languages) < 2:
            return ()
        parts = [part for stretch in stretches(row.speech) for part in parted(row.audio, stretch)]
        if len(parts) < 2 or not any(self._seems_other(row, part, language, heard) for part in parts):
            return ()
        found = _settled([self._alone(row, part) for part in parts], language)
        return _joined(parts, found) if len(set(found)) > 1 else ()

    def _seems_other(self, row: Row, part: Span, language: str, heard: list[Attended]) -> bool:
        if part.end - part.start < LEAST_SECONDS:
            return False
        guess = self._guessed([row], between(heard, part.start, part.end))[0]
        return guess.code != language and guess.probability >= SUSPECT

    def _alone(self, row: Row, part: Span) -> Guess | None:
        """The language of a part by itself; None for one too short to tell."""
        if part.end - part.start < LEAST_SECONDS:
            return None
        audio = row.audio[round(part.start * SAMPLE_RATE) : round(part.end * SAMPLE_RATE)]
        return self._guessed([row], self._model.listened(self._model.encode(self._mel([audio], PADDED))))[0]

    def _guessed(self, rows: Sequence[Row], heard: list[Attended]) -> list[Guess]:
        allowed = [sorted(self._languages & set(row.options.languages or self._languages)) for row in rows]
        return detected(
            self._model, self._vocabulary, heard, allowed, [language_evidence.languages(row) for row in rows]
        )


def parted(audio: Audio, stretch: Span) -> list[Span]:
    """Long speech in parts of some seconds, parted at the quietest moments."""
    parts: list[Span] = []
    start = stretch.start
    while stretch.end - start > LONGEST_SECONDS:
        at = _quietest(audio, start + SHORTEST_SECONDS, min(start + LONGEST_SECONDS, stretch.end - LEAST_SECONDS))
        parts.append(Span(start, at))
        start = at
    return [*parts, Span(start, stretch.end)]


def _quietest(audio: Audio, first: float, last: float) -> float:
    """The middle of the quietest moment between two times, seconds."""
    size = round(QUIET_SECONDS * SAMPLE_RATE)
    power = audio[round(first * SAMPLE_RATE) : round(last * SAMPLE_RATE)].astype(np.float64) ** 2
    if len(power) <= size:
        return (first + last) / 2
    sums = np.cumsum(power)
    return first + (int(np.argmin(sums[size:] - sums[:-size])) + size / 2) / SAMPLE_RATE


def _settled(guesses: Sequence[Guess | None], language: str) -> list[str]:
    """A language for each part: its own where that is sure, else that of the part before it, and at the beginning
    the clip's."""
    found: list[str] = []
    for guess in guesses:
        sure = guess is not None and guess.probability >= SURE
        found.append(guess.code if guess is not None and sure else (found or [language])[-1])
    return found


def _joined(parts: Sequence[Span], languages: Sequence[str]) -> tuple[Turn, ...]:
    """Neighbours in one language as one turn; turns meet in the middle of the pause between them."""
    turns: list[Turn] = []
    for place, (part, language) in enumerate(zip(parts, languages, strict=True)):
        start = (parts[place - 1].end + part.start) / 2 if place else 0.0
        end = (part.end + parts[place + 1].start) / 2 if place + 1 < len(parts) else float("inf")
        if turns and turns[-1].language == language:
            turns[-1] = Turn(turns[-1].start, end, language)
        else:
            turns.append(Turn(start, end, language))
    return tuple(turns)
