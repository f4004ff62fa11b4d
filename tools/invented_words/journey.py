"""What the model writes for sounds, heard as the product hears them: voice detection, the rows of
`speech/server/node.py`, the second pass. One JSON line a sound in a file, so that rules can be tried on it without
the model."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from speech import loading
from speech.audio import codec, voice_detection
from speech.audio.decode_pool import DecodedSound
from speech.audio.samples import SAMPLE_RATE, Span
from speech.audio.segmenter import Rules
from speech.config import Config
from speech.engines import Audio, Hypothesis, Options, Segment, Turn, Word
from speech.queue.scheduler import Scheduler
from speech.queue.turns import Priority
from speech.server.node import Node
from speech.transcription import recording
from speech.transcription.recording import Clip
from speech.transcription.second_pass import complete

AT_ONCE = 8  # sounds, so that batches fill
AGGRESSIVENESS = 2


@dataclass(frozen=True)
class Sound:
    """A sound to be heard. `asked`: the language it is heard in; None: found out. `said`: the words in it; empty where
    nobody speaks. `live`: one clip as it is, as a browser sends it; else cut at its pauses, as a file is."""

    name: str
    kind: str
    audio: Audio
    asked: str | None = None
    said: str = ""
    live: bool = True


@dataclass(frozen=True)
class Row:
    """What the model wrote for one stretch of a sound; `kept`: whether the second pass kept it."""

    start: float  # seconds from the sound's start
    seconds: float
    speech: tuple[Span, ...]
    heard: Hypothesis
    kept: bool = True

    def clip(self, audio: Audio) -> Clip:
        """The row's clip, of the whole sound."""
        first = round(self.start * SAMPLE_RATE)
        return Clip(self.start, audio[first : first + round(self.seconds * SAMPLE_RATE)], self.speech)


@dataclass(frozen=True)
class Journey:
    """Everything that was heard of one sound. `gated`: with the speech gate, or all of it taken for speech."""

    name: str
    kind: str
    said: str
    asked: str | None
    gated: bool
    rows: tuple[Row, ...]


def measure(model: str, sounds: Iterable[Sound], file: Path) -> None:
    """Hear every sound with the gate and without it; a line each in `file`. What is in it already is left out, so a
    measurement that was ended goes on where it stopped."""
    known = {(one.name, one.gated) for one in read(file)} if file.exists() else set()
    with file.open("a") as sink:
        asyncio.run(_measured(Config(model=model), _missing(sounds, known), sink))


def read(file: Path) -> list[Journey]:
    """The journeys that `measure` wrote. A last line that was cut off is left out."""
    return [_journey(json.loads(line)) for line in file.read_text().splitlines() if line.endswith("}")]


async def _measured(config: Config, waiting: Iterator[tuple[Sound, bool]], sink: TextIO) -> None:
    node = Node(config, lambda: loading.load(config, _say))
    ear = _Ear(await node.start())
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(_hear_all(ear, waiting, sink))
    finally:
        await node.stop()


def _missing(sounds: Iterable[Sound], known: set[tuple[str, bool]]) -> Iterator[tuple[Sound, bool]]:
    for sound in sounds:
        for gated in (True, False):
            if (sound.name, gated) not in known:
                yield sound, gated


async def _hear_all(ear: _Ear, waiting: Iterator[tuple[Sound, bool]], sink: TextIO) -> None:
    for sound, gated in waiting:
        journey = Journey(sound.name, sound.kind, sound.said, sound.asked, gated, await _rows(ear, sound, gated))
        sink.write(json.dumps(dataclasses.asdict(journey), ensure_ascii=False) + "\n")
        sink.flush()


class _Ear:
    """The model, which hears each clip once, with the gate and without it."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._heard: dict[tuple[object, ...], Hypothesis] = {}

    async def hear(self, clip: Clip, language: str | None) -> Hypothesis:
        key = (hash(clip.audio.tobytes()), language, None if language else clip.speech)
        if key not in self._heard:
            options = Options(language=language, timestamps=True, words=True)
            self._heard[key] = await self._scheduler.hear(clip.audio, options, Priority.FINAL, speech=clip.speech)
        return self._heard[key]


async def _rows(ear: _Ear, sound: Sound, gated: bool) -> tuple[Row, ...]:
    spans = voice_detection.spans(codec.raised(sound.audio), AGGRESSIVENESS if gated else None)
    if not spans:
        return ()
    found: list[Row] = []

    async def hear(clip: Clip, language: str | None) -> Hypothesis:
        heard = await ear.hear(clip, language or sound.asked)
        found.append(Row(clip.start, clip.seconds, clip.speech, heard))
        return heard

    taken = DecodedSound(sound.audio, tuple(spans))
    kept: set[tuple[float, float]] = set()
    for clip in [recording.whole(taken)] if sound.live else recording.cut(taken, Rules()):
        whole = await complete(clip, await hear(clip, None), hear)
        kept |= {(one.clip.start, one.clip.seconds) for one in whole.passages}
    return tuple(
        dataclasses.replace(row, kept=(row.start, row.seconds) in kept and not row.heard.turns)
        for row in sorted(found, key=lambda row: row.start)
    )


def _journey(read: dict[str, Any]) -> Journey:
    return Journey(**{**read, "rows": tuple(_row(one) for one in read["rows"])})


def _row(read: dict[str, Any]) -> Row:
    heard = read["heard"]
    parts = {
        "segments": tuple(Segment(**one) for one in heard["segments"]),
        "words": tuple(Word(**one) for one in heard["words"]),
        "turns": tuple(Turn(**one) for one in heard["turns"]),
        "tokens": tuple(heard["tokens"]),
    }
    speech = tuple(Span(**one) for one in read["speech"])
    return Row(**{**read, "speech": speech, "heard": Hypothesis(**{**heard, **parts})})


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
