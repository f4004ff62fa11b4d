"""A recording and the rows an engine hears: cut at pauses, and what was heard of each made one again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from speech import checks
from speech.engines import Audio, Hypothesis, Segment
from speech.gate import SAMPLE_RATE
from speech.intake import Taken

PAUSE_SECONDS = 10.0  # how far before a row's end a pause is looked for
CUT_SECONDS = 4.0  # and, where there is none, the quietest moment
QUIET_SECONDS = 2.0  # what is kept of the quiet around speech: models guess in long silence
UNSPACED = frozenset({"zh", "ja", "yue", "th", "lo", "my"})  # written without spaces


@dataclass(frozen=True)
class Piece:
    """What one row hears: from `start` seconds of the recording on, `voiced` seconds of it speech."""

    start: float
    audio: Audio
    voiced: float


@dataclass(frozen=True)
class Joined:
    """What was heard of a whole recording, its times on the recording's line."""

    text: str
    language: str
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float
    segments: tuple[Segment, ...]
    suppressed: checks.Suppressed | None  # of the pieces that were, the texts and the first reason


def cut(taken: Taken, longest: float) -> list[Piece]:
    """Pieces of at most `longest` seconds with speech in them, cut in the widest pause before each one's end."""
    cuts = [0.0]
    while taken.seconds - cuts[-1] > longest:
        cuts.append(_pause(taken, cuts[-1] + longest))
    pieces: list[Piece] = []
    for start, end in zip(cuts, [*cuts[1:], taken.seconds], strict=True):
        inside = [span for span in taken.spans if span.start < end and span.end > start]
        if inside:
            first = max(start, inside[0].start - QUIET_SECONDS)
            last = min(end, inside[-1].end + QUIET_SECONDS)
            voiced = sum(min(end, span.end) - max(start, span.start) for span in inside)
            pieces.append(Piece(first, taken.audio[round(first * SAMPLE_RATE) : round(last * SAMPLE_RATE)], voiced))
    return pieces


def joined(pieces: Sequence[Piece], heard: Sequence[Hypothesis]) -> Joined:
    """The believed texts as one. Each piece is judged alone: people do say the same thing again and again."""
    rows = [(p, one, checks.judge(one, p.voiced)) for p, one in zip(pieces, heard, strict=True)]
    doubted = [verdict for _, _, verdict in rows if verdict]
    believed = [(piece, one) for piece, one, verdict in rows if one.text and not verdict]
    measured = [one for _, one in believed] or list(heard)
    between = "" if measured[0].language in UNSPACED else " "
    return Joined(
        text=between.join(one.text for _, one in believed),
        language=measured[0].language,
        avg_logprob=sum(one.avg_logprob for one in measured) / len(measured),
        no_speech_prob=min(one.no_speech_prob for one in measured),
        compression_ratio=max(one.compression_ratio for one in measured),
        segments=tuple(_moved(segment, piece.start) for piece, one in believed for segment in one.segments),
        suppressed=checks.Suppressed(between.join(d.text for d in doubted), doubted[0].reason) if doubted else None,
    )


def _moved(segment: Segment, seconds: float) -> Segment:
    return replace(segment, start=round(segment.start + seconds, 3), end=round(segment.end + seconds, 3))


def _pause(taken: Taken, last: float) -> float:
    """Where to cut before `last`: the middle of the widest pause, or else the quietest 50 ms."""
    pauses = [
        (later.start - sooner.end, (later.start + sooner.end) / 2)
        for sooner, later in zip(taken.spans, taken.spans[1:], strict=False)
        if last - PAUSE_SECONDS < (later.start + sooner.end) / 2 < last
    ]
    return max(pauses)[1] if pauses else _quietest(taken.audio, last)


def _quietest(audio: Audio, last: float) -> float:
    size = SAMPLE_RATE // 20
    first = round((last - CUT_SECONDS) * SAMPLE_RATE)
    block = audio[first : round(last * SAMPLE_RATE)]
    frames = block[: len(block) // size * size].reshape(-1, size)
    return (first + (int((frames**2).mean(axis=1).argmin()) + 0.5) * size) / SAMPLE_RATE
