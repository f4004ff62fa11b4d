"""Second pass: hears again the speech that a first transcript has no words for, and says what stays without words.

As openai-whisper and faster-whisper go on at the last time stamp, but wherever the hole lies, and each stretch alone.
"""

from __future__ import annotations

import asyncio
import difflib
import itertools
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from speech import coverage
from speech.audio.samples import Span
from speech.engines import Hypothesis, Turn
from speech.transcription import hallucinations
from speech.transcription.recording import Clip
from speech.transcription.sentences import UNSPACED

ROUNDS = 3  # times that a stretch may be heard again, each time what the last one left
MARGIN_SECONDS = 0.25  # kept around a stretch: less than what words are given on both sides, so none is heard twice
LEAST_GAP_SECONDS = 0.8  # of speech; what is shorter and stays without words is a cough or an "uh"
SAME_TEXT = 0.6  # likeness of two texts from which on one is taken for the other said again

Hear = Callable[[Clip, str | None], Awaitable[Hypothesis]]  # a clip and its language; None: as the caller asked


@dataclass(frozen=True)
class Passage:
    """A part of a clip and what was heard in it."""

    clip: Clip
    heard: Hypothesis

    @property
    def start(self) -> float:
        """Where its text begins, seconds from the recording's start."""
        return self.clip.start + (self.heard.segments[0].start if self.heard.segments else 0.0)


@dataclass(frozen=True)
class CompleteTranscript:
    """Everything heard in a clip, in order of time, and the speech that stayed without words (recording's seconds)."""

    passages: tuple[Passage, ...]
    gaps: tuple[Span, ...] = ()


async def complete(clip: Clip, first: Hypothesis, hear: Hear, rounds: int = ROUNDS) -> CompleteTranscript:
    """`first` and what it left out, heard again with `hear`. Raises what `hear` raises.

    A clip in several languages is heard part by part. A text that is not believed covers nothing: each stretch of its
    speech is heard alone, where there is more than one. A clip without any text is a gap as long as its speech.
    """
    first = coverage.placed(first)
    passage = Passage(clip, first)
    if first.turns:
        return _together(await asyncio.gather(*(_turn(clip, turn, hear, rounds) for turn in first.turns)))
    parts = _parts_left_out(passage)
    if not parts or not rounds:
        unsaid = parts if parts or first.text else [clip]
        return CompleteTranscript((passage,), tuple(gap for part in unsaid for gap in _gaps(part)))
    again = await asyncio.gather(*(_heard_again(passage, part, hear, rounds - 1) for part in parts))
    starts = sorted(other.start for one in again for other in one.passages)
    return _together([CompleteTranscript(tuple(_parted(passage, starts))), *again])


async def _turn(clip: Clip, turn: Turn, hear: Hear, rounds: int) -> CompleteTranscript:
    """One language's part of a clip."""
    part = clip.part(turn.start, turn.end)
    return await complete(part, await hear(part, turn.language), hear, rounds)


async def _heard_again(before: Passage, part: Clip, hear: Hear, rounds: int) -> CompleteTranscript:
    """One stretch. Text that stands beside it already, and fills it, shows that only the times were wrong; it is not
    written twice."""
    heard = await hear(part, None)
    if not heard.text and not heard.turns:
        return CompleteTranscript((), tuple(_gaps(part)))
    if _is_repeated(heard.text, before, part):
        fills = part.voiced - coverage.seconds_said(heard.text) < LEAST_GAP_SECONDS
        return CompleteTranscript((), () if fills else tuple(_gaps(part)))
    return await complete(part, heard, hear, rounds)


def _parts_left_out(passage: Passage) -> list[Clip]:
    """What of the clip is to be heard again: the stretches of speech that its text does not cover."""
    clip, heard = passage.clip, passage.heard
    believed = bool(heard.text) and not hallucinations.judge(heard, clip.voiced)
    if believed:
        stretches = coverage.missing(clip.speech, heard)
    else:
        stretches = coverage.stretches(clip.speech)
        if len(stretches) < 2:  # it would be the same clip again
            return []
    return [clip.part(one.start - MARGIN_SECONDS, one.end + MARGIN_SECONDS) for one in stretches]


def _parted(passage: Passage, times: Sequence[float]) -> list[Passage]:
    """The passage in pieces, one behind each of the recording's `times` that lie between its segments."""
    heard, offset = passage.heard, passage.clip.start
    if hallucinations.judge(heard, passage.clip.voiced):  # in pieces, the likelier words of it would be believed
        return [passage]
    edges = [-math.inf, *(time - offset for time in times), math.inf]
    pieces: list[Passage] = []
    for first, last in itertools.pairwise(edges):
        segments = tuple(one for one in heard.segments if first <= one.start < last)
        if segments:
            space = "" if heard.language in UNSPACED else " "
            words = tuple(one for one in heard.words if first <= (one.start + one.end) / 2 < last)
            text = space.join(one.text for one in segments)
            piece = replace(heard, text=text, segments=segments, words=words, english="")  # the whole's is not its own
            pieces.append(replace(passage, heard=piece))
    return pieces if len(pieces) > 1 else [passage]


def _together(found: Sequence[CompleteTranscript]) -> CompleteTranscript:
    passages = sorted((one for other in found for one in other.passages), key=lambda one: one.start)
    return CompleteTranscript(tuple(passages), tuple(gap for other in found for gap in other.gaps))


def _is_repeated(text: str, passage: Passage, part: Clip) -> bool:
    """Whether `text` is what the passage has just before or just after this part."""
    at = part.start - passage.clip.start
    said = "".join(one.text for one in passage.heard.segments if one.start <= at + MARGIN_SECONDS)
    later = "".join(one.text for one in passage.heard.segments if one.end >= at)
    bare = hallucinations.bare(text)
    tail, head = hallucinations.bare(said)[-len(bare) :], hallucinations.bare(later)[: len(bare)]
    return bool(bare) and max(_likeness(bare, tail), _likeness(bare, head)) >= SAME_TEXT


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()


def _gaps(clip: Clip) -> list[Span]:
    """The speech of a clip that stays without words, on the recording's time line, where it is worth telling."""
    return [
        Span(round(clip.start + one.start, 3), round(clip.start + one.end, 3))
        for one in coverage.stretches(clip.speech)
        if one.end - one.start >= LEAST_GAP_SECONDS
    ]
