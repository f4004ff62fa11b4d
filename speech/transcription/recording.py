"""Recording: cut into clips under the segmenter's rules, and their texts joined again."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from speech.audio import levels, segmenter, voice_detection
from speech.audio.decode_pool import DecodedSound
from speech.audio.samples import SAMPLE_RATE, Span
from speech.audio.segmenter import Rules
from speech.engines import Audio, Hypothesis, Segment, Word
from speech.transcription import hallucinations
from speech.transcription.sentences import UNSPACED, Voice, sifted

QUIET_SECONDS = 2.0  # what is kept of the quiet around speech: models guess in long silence
SOUND_MARGIN = 0.2  # seconds kept around a sound that is no clear silence
NEAR_SECONDS = 2.0  # how far from a clip a sound may be to go along with it

Timed = TypeVar("Timed", Segment, Word)


@dataclass(frozen=True)
class Clip:
    """What one row hears: from `start` seconds of the recording on. `speech`: where in it somebody speaks, seconds from
    its own start."""

    start: float
    audio: Audio
    speech: tuple[Span, ...] = ()

    @property
    def seconds(self) -> float:
        return len(self.audio) / SAMPLE_RATE

    @property
    def voiced(self) -> float:
        """Seconds of speech."""
        return voice_detection.seconds(self.speech)

    def part(self, first: float, last: float) -> Clip:
        """The clip from `first` to `last`, seconds from its start, as far as it reaches."""
        first, last = max(0.0, first), min(self.seconds, last)
        audio = self.audio[round(first * SAMPLE_RATE) : round(last * SAMPLE_RATE)]
        return Clip(self.start + first, audio, _within(self.speech, first, last))


@dataclass(frozen=True)
class JoinedTranscript:
    """What was heard of a whole recording, its times on the recording's line."""

    text: str
    language: str  # the one that was spoken longest
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float
    segments: tuple[Segment, ...]
    words: tuple[Word, ...]
    suppressed: hallucinations.Suppressed | None  # of the clips that were, the texts and the first reason
    english: str = ""  # the text in English; empty unless each clip in another language has its own


def whole(taken: DecodedSound) -> Clip:
    """A recording that is one clip already: cut once, by whoever heard the pauses as they were. Long silence around the
    speech is left out, nothing else."""
    first = max(0.0, taken.spans[0].start - QUIET_SECONDS)
    last = min(taken.seconds, taken.spans[-1].end + QUIET_SECONDS)
    for start, end in levels.sounding(taken.audio):
        first, last = min(first, max(0.0, start - SOUND_MARGIN)), max(last, min(taken.seconds, end + SOUND_MARGIN))
    return _between(taken, first, last)


def cut(taken: DecodedSound, rules: Rules) -> list[Clip]:
    """The clips of a recording with speech in it, in order. Every one of its spans lies in them, and what sounds close
    to them goes along: the detector may miss a quiet word. No clip overlaps another, and a cut without a pause loses
    nothing."""
    found = segmenter.cut(taken.audio, taken.spans, rules)
    if not found:  # shorter than what opens a clip
        return [whole(taken)]
    edges = [[max(0, one.start) / 1000, one.end / 1000] for one in found]
    for start, end in levels.sounding(taken.audio):
        _attach(edges, start - SOUND_MARGIN, end + SOUND_MARGIN, rules.max_seconds)
    return [_between(taken, start, min(taken.seconds, end)) for start, end in edges]


def _attach(edges: list[list[float]], start: float, end: float, longest: float) -> None:
    """Let the clip before, or else the one after a sound reach over it, where it is near and there is room."""
    before = bisect.bisect_right(edges, start, key=lambda edge: edge[0]) - 1
    free = edges[before + 1][0] if before + 1 < len(edges) else math.inf
    if before >= 0:
        own = edges[before]
        if end <= own[1]:
            return
        if start - own[1] < NEAR_SECONDS and min(end, free) - own[0] <= longest:
            own[1] = max(own[1], min(end, free))
            return
    if before + 1 < len(edges):
        after = edges[before + 1]
        first = max(0.0, start, edges[before][1] if before >= 0 else 0.0)
        if after[0] - end < NEAR_SECONDS and first < after[0] and after[1] - first <= longest:
            after[0] = first


def joined(clips: Sequence[Clip], heard: Sequence[Hypothesis]) -> JoinedTranscript:
    """The believed texts as one. Each clip is judged alone: people do say the same thing again and again."""
    rows = [(clip, one, sifted(one, Voice(clip.audio, clip.speech))) for clip, one in zip(clips, heard, strict=True)]
    doubted = [(gone.text, one.language, gone.reason) for _, one, left in rows for gone in left.suppressed]
    believed = [(clip, left.heard) for clip, _, left in rows if left.heard and left.heard.text]
    measured = [one for _, one in believed] or list(heard)
    return JoinedTranscript(
        text=_together([(one.text, one.language) for _, one in believed]),
        language=_spoken(believed or list(zip(clips, heard, strict=True))),
        avg_logprob=sum(one.avg_logprob for one in measured) / len(measured),
        no_speech_prob=min(one.no_speech_prob for one in measured),
        compression_ratio=max(one.compression_ratio for one in measured),
        segments=tuple(_moved(segment, clip.start) for clip, one in believed for segment in one.segments),
        words=tuple(_moved(word, clip.start) for clip, one in believed for word in _words(one)),
        suppressed=hallucinations.Suppressed(_together([one[:2] for one in doubted]), doubted[0][2])
        if doubted
        else None,
        english=_english([one for _, one in believed]),
    )


def _between(taken: DecodedSound, first: float, last: float) -> Clip:
    return Clip(0.0, taken.audio, taken.spans).part(first, last)


def _within(spans: Sequence[Span], first: float, last: float) -> tuple[Span, ...]:
    """The spans between two times, seconds from the first."""
    cut = (Span(max(first, span.start) - first, min(last, span.end) - first) for span in spans)
    return tuple(span for span in cut if span.end > span.start)


def _together(texts: Sequence[tuple[str, str]]) -> str:
    """Texts with their languages as one, with a space wherever one of two neighbours' languages has them."""
    parts: list[str] = []
    for (_, before), (text, language) in zip([("", ""), *texts], texts, strict=False):
        parts += ["" if {before, language} <= UNSPACED else " ", text]
    return "".join(parts[1:])


def _english(heard: Sequence[Hypothesis]) -> str:
    """The English of all clips; empty where one of them lacks it, or where all that was said is English."""
    if all(one.language == "en" for one in heard):
        return ""
    texts = [one.text if one.language == "en" else one.english for one in heard]
    return " ".join(texts) if all(texts) else ""


def _spoken(rows: Sequence[tuple[Clip, Hypothesis]]) -> str:
    seconds: dict[str, float] = {}
    for clip, one in rows:
        seconds[one.language] = seconds.get(one.language, 0.0) + clip.voiced
    return max(seconds, key=lambda language: seconds[language])


def _words(heard: Hypothesis) -> tuple[Word, ...]:
    """Its words, the first set apart from what another clip's last may be."""
    if not heard.words or heard.language in UNSPACED or heard.words[0].text.startswith(" "):
        return heard.words
    return (replace(heard.words[0], text=" " + heard.words[0].text), *heard.words[1:])


def _moved(one: Timed, seconds: float) -> Timed:
    return replace(one, start=round(one.start + seconds, 3), end=round(one.end + seconds, 3))
