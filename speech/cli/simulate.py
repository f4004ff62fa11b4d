"""Command `speech simulate`: a file transcribed as if spoken now, with the lag of each line."""

from __future__ import annotations

import asyncio
import bisect
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from speech import loading
from speech.audio import codec
from speech.audio.codec import SAMPLE_RATE
from speech.audio.decode_pool import DecoderUnstartable
from speech.audio.segmenter import Rules, Stretch
from speech.audio.stream_clips import ClipStream
from speech.cli import commands
from speech.config import BadSetting, Config
from speech.engines import Options
from speech.models.choice import Say
from speech.queue.scheduler import Scheduler
from speech.queue.turns import Priority, Superseded
from speech.server import wire
from speech.server.node import FILE_MAX_SECONDS, Node
from speech.transcription import chinese_script, hallucinations
from speech.transcription.transcription import Request

LONGEST_CHUNK = 30.0


@dataclass(frozen=True)
class SimulationPlan:
    """What is played, and how. Seconds; `end` None: to the end of the file; `fast`: each chunk as soon as all before
    it is heard."""

    file: Path
    chunk: float = 0.5
    start: float = 0.0
    end: float | None = None
    language: str = ""
    script: str = ""
    fast: bool = False


class Clock(Protocol):
    """Time in seconds; the tests have their own."""

    def now(self) -> float: ...

    async def until(self, moment: float) -> None:
        """Wait for it."""
        ...


class Monotonic:
    """The machine's clock."""

    def now(self) -> float:
        return time.monotonic()

    async def until(self, moment: float) -> None:
        await asyncio.sleep(max(0.0, moment - time.monotonic()))


@dataclass
class SimulationResult:
    """What came of it: the finals' lags in seconds, and counts."""

    lags: list[float] = field(default_factory=list)
    spoken: int = 0
    partials: int = 0
    failed: int = 0

    def __str__(self) -> str:
        shown = f"{self.spoken} clips, {len(self.lags)} with text, {self.failed} failed, {self.partials} partials"
        if not self.lags:
            return shown
        middle, late = np.percentile(self.lags, [50, 95])
        return f"{shown}; lag of finals: P50 {middle:.2f} s, P95 {late:.2f} s"


class Speaker:
    """One who speaks a recording into a node. Partials go to the scheduler, where a newer one takes the place of one
    that still waits; a clip's final ends them all."""

    def __init__(
        self, node: Node, scheduler: Scheduler, plan: SimulationPlan, clock: Clock, show: Callable[[str], None]
    ) -> None:
        self.result = SimulationResult()
        self._node, self._scheduler, self._plan, self._clock, self._show = node, scheduler, plan, clock, show
        self._options = Options(language=wire.spoken(plan.language))
        self._audio = np.zeros(0, np.float32)
        self._began = clock.now()
        self._given: list[tuple[float, float]] = []  # up to where in the recording, and when it was there
        self._partials: list[asyncio.Task[None]] = []  # of the open clip
        self._finals: list[asyncio.Task[None]] = []

    async def speak(self, audio: codec.Audio) -> SimulationResult:
        """Say all of it and wait for its last line."""
        config, plan = self._node.config, self._plan
        self._audio, self._began = audio, self._clock.now()
        microphone = ClipStream(Rules(config.clip_max_seconds, config.clip_silence_seconds), config.aggressiveness)
        step = max(1, round(plan.chunk * SAMPLE_RATE))
        shown = 0.0
        for first in range(0, len(audio), step):
            chunk = audio[first : first + step]
            at = (first + len(chunk)) / SAMPLE_RATE
            if not plan.fast:
                await self._clock.until(self._began + at)
            self._given.append((at, self._clock.now()))
            for over in microphone.push(chunk):
                self._finish(over)
            if microphone.start is not None and at - shown >= config.partial_interval_ms / 1000:
                shown = at
                self._go_on(Stretch(microphone.start, round(at * 1000), 0, 0, cut=False))
            if plan.fast:
                await self._settled()
        for over in microphone.finish():
            self._finish(over)
        await self._settled()
        return self.result

    def _go_on(self, clip: Stretch) -> None:
        self._partials.append(asyncio.create_task(self._partial(clip)))

    def _finish(self, clip: Stretch) -> None:
        for partial in self._partials:
            partial.cancel()
        self._partials.clear()
        self.result.spoken += 1
        self._finals.append(asyncio.create_task(self._final(clip)))

    async def _settled(self) -> None:
        for error in await asyncio.gather(*self._partials, *self._finals, return_exceptions=True):
            if isinstance(error, Exception):
                raise error

    async def _partial(self, clip: Stretch) -> None:
        """A first guess at what there is of the open clip: its sound is decoded already, and a line of it may wait for
        nothing but the engine."""
        audio = codec.unclipped(self._sound(clip))
        options = replace(self._options, fallback=False)
        try:
            heard = await self._scheduler.hear(audio, options, Priority.PARTIAL, speaker=self._plan.file.name)
        except Superseded:
            return
        except commands.FAILURES as error:
            self._line(clip, Priority.PARTIAL, f"(failed: {commands.why(error)})", self._lag(clip))
            return
        doubted = hallucinations.judge(heard, len(audio) / SAMPLE_RATE)
        text = (
            "" if doubted else chinese_script.written(heard.text, self._plan.script if heard.language == "zh" else "")
        )
        self.result.partials += 1
        self._line(clip, Priority.PARTIAL, text or "…", self._lag(clip))

    async def _final(self, clip: Stretch) -> None:
        """The whole way of a clip that a browser sends."""
        data = codec.as_wav(self._sound(clip))
        request = Request(data, self._options, Priority.FINAL, script=self._plan.script, speaker=self._plan.file.name)
        try:
            answer = await self._node.hear(request)
        except commands.FAILURES as error:
            self.result.failed += 1
            self._line(clip, Priority.FINAL, f"(failed: {commands.why(error)})", self._lag(clip))
            return
        lag = self._lag(clip)
        if answer.text:
            self.result.lags.append(lag)
        self._line(clip, Priority.FINAL, answer.text or f"({answer.silent})", lag)

    def _sound(self, clip: Stretch) -> codec.Audio:
        return self._audio[max(0, clip.start) * SAMPLE_RATE // 1000 : clip.end * SAMPLE_RATE // 1000]

    def _lag(self, clip: Stretch) -> float:
        """Seconds since the clip's last sample was there."""
        place = bisect.bisect_left(self._given, (clip.end / 1000,))
        return self._clock.now() - self._given[min(place, len(self._given) - 1)][1]

    def _line(self, clip: Stretch, priority: Priority, text: str, lag: float) -> None:
        zero = self._plan.start
        at = zero + (self._given[-1][0] if self._plan.fast else self._clock.now() - self._began)
        where = f"{zero + max(0, clip.start) / 1000:8.2f}–{zero + clip.end / 1000:.2f}"
        self._show(f"{at:8.2f} s  {priority.name.lower():7} {where}  {text}  (lag {lag:.2f} s)")


def simulate(config: Config, plan: SimulationPlan, say: Say, clock: Clock | None = None) -> int:
    """Play the plan to its end, a line as soon as there is one; 1 where something failed. Raises `BadSetting`."""
    _refuse_impossible(plan)
    return asyncio.run(_played(config, plan, say, clock or Monotonic()))


def _refuse_impossible(plan: SimulationPlan) -> None:
    if not 0 < plan.chunk <= LONGEST_CHUNK:
        raise BadSetting(f"--chunk {plan.chunk:g} will not do. It is a number of seconds, {LONGEST_CHUNK:g} at most.")
    if plan.start < 0 or (plan.end is not None and plan.end <= plan.start):
        raise BadSetting("--start and --end are seconds into the file, the end after the start.")


async def _played(config: Config, plan: SimulationPlan, say: Say, clock: Clock) -> int:
    node = Node(config, lambda: loading.load(config, say))
    try:
        audio = await asyncio.to_thread(_sound, plan)
        result = await Speaker(node, await node.start(), plan, clock, _print).speak(audio)
    except (*commands.FAILURES, DecoderUnstartable) as error:
        say(f"{plan.file}: {commands.why(error)}")
        return 1
    finally:
        await node.stop()
    _print(str(result))
    return 1 if result.failed else 0


def _sound(plan: SimulationPlan) -> codec.Audio:
    """What is played, as loud as it was recorded."""
    keep_to = None if plan.end is None else plan.end * 1000
    data = commands.read(plan.file)
    audio = codec.decode(data, max_seconds=FILE_MAX_SECONDS, keep_from=plan.start * 1000, keep_to=keep_to)
    if not audio.size:
        raise codec.Undecodable(f"there is no sound from {plan.start:g} s on")
    return audio


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
