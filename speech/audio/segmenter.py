"""Frames in, `start`, `cut` and `end` out: where one clip begins and stops. No clock, no model.

The browser's rules (static/meet/js/capture/segmenter.js), frame for frame: both pass tests/fixtures/segmenter.json. So
a file, and a stream without a browser, are cut as a person's microphone would be.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from speech.audio.samples import Span

FRAME_MS = 10  # frames follow each other at this distance; where sound was lost, `at` jumps
CUT_SEARCH_MS = 4000  # before the longest length, in which a cut is looked for
QUIET = 5  # frames: a cut lies in the middle of the quietest 50 ms
SAMPLES = 160  # of a frame at 16 kHz
FLOOR = 1e-5  # RMS of what is called silence: -100 dBFS


@dataclass(frozen=True, slots=True)
class Frame:
    """10 ms of sound. `at`: where it begins, whole ms; `speech`: what the detector says; `level`: dBFS."""

    at: int
    speech: bool
    level: float


@dataclass(frozen=True, slots=True)
class Event:
    """`cut`: one clip ends at `at` and the next begins there. `at`: the first (start, cut) or last (end, cut) moment
    that is kept, whole ms of the frames' clock."""

    type: Literal["start", "cut", "end"]
    at: int


@dataclass(frozen=True)
class Rules:
    """When a clip begins and ends."""

    max_seconds: float = 20.0  # no clip is longer; 5 at least
    silence_seconds: float = 1.0  # so much without speech ends a clip
    pre_roll: int = 1000  # ms kept before the first speech
    tail: int = 800  # ms kept after the last
    onset: int = 7  # so many speech frames open a clip,
    window: int = 15  # when they lie within so many frames


@dataclass(frozen=True)
class Stretch:
    """One clip's place on the frames' clock, whole ms; `spoken`: where its last speech ended; `over`: when that was
    known, which is later; `cut`: whether the next one continues it."""

    start: int
    end: int
    spoken: int
    over: int
    cut: bool


class Segmenter:
    """One microphone's clips. `start`: where the open clip begins, or None while nobody speaks; `spoken`: where the
    last speech frame ended."""

    def __init__(self, rules: Rules) -> None:
        self.start: int | None = None
        self.spoken = 0
        self._max = _ms(rules.max_seconds)
        self._silence = _ms(rules.silence_seconds)
        self._pre_roll = rules.pre_roll
        self._tail = min(rules.tail, self._silence)
        self._onset = rules.onset
        self._window = rules.window * FRAME_MS
        self._search = min(CUT_SEARCH_MS, self._max / 2)
        self._recent: deque[Frame] = deque()  # while waiting: the frames of the window
        self._late: deque[Frame] = deque()  # in a clip: the frames a cut may lie in
        self._kept: int | None = None  # all before belongs to an earlier clip

    def push(self, frame: Frame) -> list[Event]:
        """What `frame`, later than all before, brings about."""
        events = [] if self.start is None else self._closed(frame, self.start)
        if self.start is None:
            events += self._waited(frame)
        else:
            self._extend(frame)
        return events

    def finish(self, at: int) -> list[Event]:
        """Close the open clip with everything up to `at`."""
        return [] if self.start is None else [self._end(min(at, self.start + self._max))]

    def _closed(self, frame: Frame, start: int) -> list[Event]:
        """Whether the clip must end, or be cut, before this frame."""
        kept = self.spoken + self._tail
        if frame.at - self.spoken >= self._silence:
            return [self._end(min(kept, start + self._max))]
        if frame.at + FRAME_MS - start <= self._max:
            return []
        at = self._quietest()
        if at >= self.spoken:
            return [self._end(min(kept, at))]
        self.start = self._kept = at
        self._late = deque(one for one in self._late if one.at >= at)
        return [Event("cut", at)]

    def _waited(self, frame: Frame) -> list[Event]:
        self._recent.append(frame)
        while self._recent[0].at <= frame.at - self._window:
            self._recent.popleft()
        if not frame.speech:
            return []
        speech = [one.at for one in self._recent if one.speech]
        if len(speech) < self._onset:
            return []
        first = speech[0] - self._pre_roll
        self.start = first if self._kept is None else max(first, self._kept)
        for one in self._recent:
            self._extend(one)
        self._recent.clear()
        return [Event("start", self.start)]

    def _extend(self, frame: Frame) -> None:
        if frame.speech:
            self.spoken = frame.at + FRAME_MS
        self._late.append(frame)
        while self._late[0].at < frame.at + FRAME_MS - self._search:
            self._late.popleft()

    def _end(self, at: int) -> Event:
        self.start = None
        self._kept = at
        self._late.clear()
        self._recent.clear()
        return Event("end", at)

    def _quietest(self) -> int:
        """The middle of the quietest 50 ms that a cut may lie in, the latest of equals."""
        late = list(self._late)
        best, at = math.inf, late[0].at
        for i in range(len(late) - QUIET + 1):
            level = 0.0
            for one in late[i : i + QUIET]:  # not sum(): from Python 3.12 on it rounds otherwise than the browser
                level += one.level
            if level <= best:
                best, at = level, late[i].at + QUIET * FRAME_MS // 2
        return at


class Clips:
    """A microphone's clips as stretches, each as soon as it is over."""

    def __init__(self, rules: Rules) -> None:
        self._segmenter = Segmenter(rules)
        self._begun: int | None = None

    @property
    def start(self) -> int | None:
        """Where the open clip begins, or None while nobody speaks."""
        return self._segmenter.start

    def push(self, frame: Frame) -> list[Stretch]:
        """The clips that `frame` shows to be over."""
        spoken = self._segmenter.spoken  # before it: an end, or a cut, is about what came before
        return self._over(self._segmenter.push(frame), spoken, frame.at)

    def finish(self, at: int) -> list[Stretch]:
        """The open clip, with everything up to `at`."""
        return self._over(self._segmenter.finish(at), self._segmenter.spoken, at)

    def _over(self, events: list[Event], spoken: int, now: int) -> list[Stretch]:
        found: list[Stretch] = []
        for event in events:
            if self._begun is not None:
                found.append(Stretch(self._begun, event.at, min(spoken, event.at), now, event.type == "cut"))
            self._begun = None if event.type == "end" else event.at
        return found


def stretches(frames: Iterable[Frame], rules: Rules, until: int) -> list[Stretch]:
    """The clips of a recording that is there as a whole and ends at `until` (ms)."""
    clips = Clips(rules)
    return [one for frame in frames for one in clips.push(frame)] + clips.finish(until)


def framed(audio: npt.NDArray[np.float32], speech: npt.NDArray[np.bool_], at: int = 0) -> Iterator[Frame]:
    """`audio` (float32 (samples,), 16 kHz, the first at `at` ms) as frames, the last one padded with silence; `speech`:
    the verdict on each."""
    blocks = np.pad(audio, (0, -len(audio) % SAMPLES)).reshape(-1, SAMPLES)
    loudness = np.sqrt((blocks.astype(np.float64) ** 2).mean(axis=1))
    levels: list[float] = (20 * np.log10(np.maximum(loudness, FLOOR))).tolist()
    for number, (level, spoken) in enumerate(zip(levels, speech.tolist(), strict=True)):
        yield Frame(at + number * FRAME_MS, spoken, level)


def cut(audio: npt.NDArray[np.float32], spans: Sequence[Span], rules: Rules) -> list[Stretch]:
    """The clips of a recording in whose `spans` somebody speaks; a clip may begin before it, as its pre-roll does."""
    speech = np.zeros(-(-len(audio) // SAMPLES), np.bool_)
    for span in spans:
        speech[round(span.start * 1000) // FRAME_MS : -(-round(span.end * 1000) // FRAME_MS)] = True
    return stretches(framed(audio, speech), rules, len(audio) * FRAME_MS // SAMPLES)


def _ms(seconds: float) -> int:
    return math.floor(seconds * 1000 + 0.5)  # as the browser rounds
