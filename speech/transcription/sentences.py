"""Pieces: the sentences of one transcript, each judged by its own words and by the sound in its own time.

Whisper may add a phantom phrase before or after what somebody said («… on Monday. Thank you for watching!»). The
phrase goes, the rest stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from speech.audio.samples import Span
from speech.audio.voicing import VoicingDetector
from speech.engines import Audio, Hypothesis, Segment, Word
from speech.transcription import hallucinations
from speech.transcription.hallucinations import Suppressed

UNSPACED = frozenset({"zh", "ja", "yue", "th", "lo", "my"})  # written without spaces
ENDS = (".", "!", "?", "。", "！", "？", "…")
TOLERANCE_SECONDS = 0.3  # by which time stamps miss a word's edge
# A phantom phrase within a transcript stays where its words are this likely: invented ones had 0.34 and less
SURE = 0.35
INVENTED = 0.03  # the first word of an invented phrase; those after it follow by themselves


@dataclass(frozen=True)
class CheckedSentences:
    """What is believed of a transcript, None if nothing is, and what is not."""

    heard: Hypothesis | None
    suppressed: tuple[Suppressed, ...] = ()


@dataclass(frozen=True)
class Sentence:
    """A sentence, or a segment where there are no words: its text, place and time (seconds from the clip's start)."""

    segment: int
    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()


class Voice:
    """The sound of one clip: how much of it is speech by the gate, and has a voice's pitch; measured when asked."""

    def __init__(self, audio: Audio, speech: Sequence[Span]) -> None:
        self._audio, self._speech = audio, speech
        self._ear: VoicingDetector | None = None

    def voiced(self, start: float, end: float) -> float:
        """Seconds of speech between two times."""
        return sum(max(0.0, min(end, one.end) - max(start, one.start)) for one in self._speech)

    def pitched(self, start: float = 0.0, end: float = float("inf")) -> float:
        """Seconds of that speech with a pitch."""
        if not self._audio.size:
            return 0.0
        self._ear = self._ear or VoicingDetector(self._audio)
        parts = ((max(start, one.start), min(end, one.end)) for one in self._speech)
        return sum(self._ear.between(first, last).seconds for first, last in parts if last > first)


def sifted(heard: Hypothesis, voice: Voice) -> CheckedSentences:
    """A transcript without what nobody said: the whole of it, or single sentences."""
    voiced = voice.voiced(0.0, float("inf"))
    verdict = hallucinations.judge(heard, voiced) and hallucinations.judge(heard, voiced, voice.pitched())
    if verdict:
        return CheckedSentences(None, (verdict,))
    pieces = list(_pieces(heard))
    if len(pieces) < 2:
        return CheckedSentences(heard)
    reasons = [_doubt(piece, voice) for piece in pieces]
    if any(reasons) and all(hallucinations.is_phantom(piece.text) for piece in pieces):  # invented together
        reasons = [reason or "phantom" for reason in reasons]
    left = [piece for piece, reason in zip(pieces, reasons, strict=True) if not reason]
    if len(left) == len(pieces):
        return CheckedSentences(heard)
    gone = tuple(Suppressed(piece.text, why) for piece, why in zip(pieces, reasons, strict=True) if why)
    return CheckedSentences(_of(heard, left) if left else None, gone)


def _doubt(piece: Sentence, voice: Voice) -> str:
    """Why a piece is not believed; empty where it is."""
    if hallucinations.is_no_words(piece.text):
        return "no-words"
    if (
        not hallucinations.is_phantom(piece.text)
        or not piece.words
        or hallucinations.sureness(piece.words, 0.0) >= SURE
    ):
        return ""
    start, end = piece.start - TOLERANCE_SECONDS, piece.end + TOLERANCE_SECONDS
    if hallucinations.is_too_fast(piece.text, voice.voiced(start, end)) or piece.words[0].probability < INVENTED:
        return "phantom"
    return "phantom" if voice.pitched(start, end) < hallucinations.LEAST_PITCHED_SECONDS else ""


def _pieces(heard: Hypothesis) -> Iterator[Sentence]:
    if not heard.words:
        for place, segment in enumerate(heard.segments):
            yield Sentence(place, segment.start, segment.end, segment.text)
        return
    for place, words in enumerate(_by_segment(heard.segments, heard.words)):
        begun = 0
        for at, word in enumerate(words):
            if word.text.rstrip().endswith(ENDS) or at + 1 == len(words):
                part = words[begun : at + 1]
                begun = at + 1
                yield Sentence(place, part[0].start, part[-1].end, _text(part), part)


def _by_segment(segments: Sequence[Segment], words: Sequence[Word]) -> list[tuple[Word, ...]]:
    """The words of each segment, by their letters: the times of both are not exact."""
    found, at = list[tuple[Word, ...]](), 0
    for segment in segments:
        letters, begun = len("".join(segment.text.split())), at
        while at < len(words) and letters > 0:
            letters -= len("".join(words[at].text.split()))
            at += 1
        found.append(tuple(words[begun:at]))
    if found and at < len(words):
        found[-1] += tuple(words[at:])
    return found


def _of(heard: Hypothesis, pieces: Sequence[Sentence]) -> Hypothesis:
    """The hypothesis with these pieces of it alone."""
    segments = [
        segment
        for place, whole in enumerate(heard.segments)
        if (segment := _segment(whole, [piece for piece in pieces if piece.segment == place]))
    ]
    space = "" if heard.language in UNSPACED else " "
    words = tuple(word for piece in pieces for word in piece.words)
    text = space.join(one.text for one in segments)
    return replace(heard, text=text, segments=tuple(segments), words=words, english="")  # the whole's is not its own


def _segment(whole: Segment, pieces: Sequence[Sentence]) -> Segment | None:
    """What is left of a segment."""
    words = tuple(word for piece in pieces for word in piece.words)
    text = _text(words) if words else "".join(piece.text for piece in pieces)
    if not pieces or text == whole.text:
        return whole if pieces else None
    return Segment(max(whole.start, pieces[0].start), min(whole.end, pieces[-1].end), text)


def _text(words: Sequence[Word]) -> str:
    return "".join(word.text for word in words).strip()
