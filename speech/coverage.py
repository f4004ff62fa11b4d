"""Coverage: which speech of a clip a transcript has no words for. Pure; no torch, no clock.

A Whisper model may end its text early, or jump over a sentence, with a good log-probability: in 12 of 14 clips in
which the voice changes, a whole sentence was missing. Its time stamps and the times of its words tell: speech that the
voice detector found and that lies outside them was not written down.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace

from speech.audio.samples import Span
from speech.engine_types import Hypothesis, Word

# A word is said within so many seconds. What the alignment gives it beyond that is a pause, or speech without words.
WORD_SECONDS = 0.35
LETTER_SECONDS = 0.13
WIDE_LETTER_SECONDS = 0.45  # Chinese characters, kana, digits: a syllable or more each
STAMP_TOLERANCE = 0.3  # seconds by which the model's time stamps miss a word's edge
WORD_TOLERANCE = 0.3  # the same of the alignment
# Shorter stretches are breath and hesitation, or the alignment's own error, which reaches 1.9 s within a segment
LEAST_OUTSIDE_SEGMENTS = 0.6
LEAST_WITHIN_SEGMENTS = 2.0
JOINED_ACROSS_SECONDS = 2.0  # the pause within one speaker's turn
PAUSE_SECONDS = 0.4  # speech with a longer pause between is looked at apart


def placed(heard: Hypothesis) -> Hypothesis:
    """`heard` with its first words where they can have been said, and its segments not before them.

    An alignment stretches the first words back to the start of the sound, over whatever was said there. How long a
    word can take is known, so stretched ones are put just before the first word that is not.
    """
    firm = next((place for place, word in enumerate(heard.words) if not _is_stretched(word)), len(heard.words))
    if firm == 0:
        return heard
    end = heard.words[firm].start if firm < len(heard.words) else heard.words[-1].end
    words = list(heard.words[firm:])
    for word in reversed(heard.words[:firm]):
        words.insert(0, replace(word, start=max(0.0, end - seconds_said(word.text)), end=end))
        end = words[0].start
    segments = (replace(one, start=max(one.start, end), end=max(one.end, end)) for one in heard.segments)
    return replace(heard, words=tuple(words), segments=tuple(segments))


def missing(speech: Sequence[Span], heard: Hypothesis) -> list[Span]:
    """The stretches of `speech` that the hypothesis (`placed`) has no words for, in order.

    Speech outside the segments counts from 0.6 s on. Where the engine gives word times, speech within a segment but
    away from its words counts from 2 s on. Stretches with nothing but a pause between them are one. Times are seconds
    of the row.
    """
    stamps = [Span(one.start - STAMP_TOLERANCE, one.end + STAMP_TOLERANCE) for one in heard.segments]
    found = _long(outside(speech, stamps), LEAST_OUTSIDE_SEGMENTS)
    if not heard.words:
        return _joined(found, stamps)
    said = [_said(word) for word in heard.words]
    within = [Span(max(a.start, b.start), min(a.end, b.end)) for a in speech for b in stamps if _meet(a, b)]
    found += _long(outside(_merged(within), said), LEAST_WITHIN_SEGMENTS)
    return _joined(_merged(found), said)


def stretches(speech: Sequence[Span]) -> list[Span]:
    """Speech with no longer pause in it, as stretches of it."""
    found: list[Span] = []
    for span in speech:
        if found and span.start - found[-1].end < PAUSE_SECONDS:
            found[-1] = Span(found[-1].start, span.end)
        else:
            found.append(span)
    return found


def outside(speech: Sequence[Span], covered: Iterable[Span]) -> list[Span]:
    """What of `speech` lies in none of the `covered` spans, in order."""
    left = list(speech)
    for one in covered:
        left = [part for span in left for part in _without(span, one)]
    return left


def seconds_said(text: str) -> float:
    """How long it takes at most to say `text` slowly, without pauses."""
    return WORD_SECONDS + sum(_letter_seconds(letter) for letter in text if letter.isalnum())


def _said(word: Word) -> Span:
    """Where a word lies: an alignment stretches it on to the next word."""
    end = min(word.end, word.start + seconds_said(word.text))
    return Span(word.start - WORD_TOLERANCE, end + WORD_TOLERANCE)


def _is_stretched(word: Word) -> bool:
    return word.end - word.start > seconds_said(word.text)


def _joined(spans: Sequence[Span], said: Sequence[Span]) -> list[Span]:
    """Neighbours become one where only a pause lies between: what is heard with its context is heard better."""
    found: list[Span] = []
    for span in spans:
        pause = Span(found[-1].end, span.start) if found else None
        if pause and pause.end - pause.start < JOINED_ACROSS_SECONDS and not any(_meet(pause, one) for one in said):
            found[-1] = Span(found[-1].start, span.end)
        else:
            found.append(span)
    return found


def _letter_seconds(letter: str) -> float:
    wide = unicodedata.east_asian_width(letter) in "WF" or letter.isdigit()
    return WIDE_LETTER_SECONDS if wide else LETTER_SECONDS


def _without(span: Span, other: Span) -> list[Span]:
    if not _meet(span, other):
        return [span]
    before, after = Span(span.start, other.start), Span(other.end, span.end)
    return [part for part in (before, after) if part.end > part.start]


def _meet(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _long(spans: Sequence[Span], least: float) -> list[Span]:
    return [span for span in spans if span.end - span.start >= least]


def _merged(spans: Sequence[Span]) -> list[Span]:
    """In order, those that touch joined."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda one: one.start):
        if found and span.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found
