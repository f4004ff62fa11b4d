"""Speakers and an engine in seconds that only a test lets pass: who waits how long, the same on every machine."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from speech.engines import SAMPLE_RATE, Capabilities, Hypothesis, Options, Outcome, Row
from speech.queue.scheduler import Scheduler
from speech.queue.turns import Priority

DEADLINE = 1.0  # seconds, as the web tier asks for a final


@dataclass(frozen=True)
class Spoken:
    """A clip that is there `at` these seconds."""

    at: float
    speaker: str
    seconds: float


def conversation(speakers: int, until: float, seed: int = 1) -> list[Spoken]:
    """People who speak for 1 to 8 s, one clip after another, with pauses between."""
    chance = random.Random(seed)
    spoken = []
    for speaker in range(speakers):
        at = chance.uniform(0, 6)
        while at < until:
            seconds = chance.uniform(1, 8)
            spoken.append(Spoken(at, f"speaker {speaker}", seconds))
            at += chance.uniform(1, 8) + 1
    return spoken


def flood(at: float, clips: int, seed: int = 2) -> list[Spoken]:
    """All that one speaker said in a long break of the connection, at once."""
    chance = random.Random(seed)
    return [Spoken(at, "flood", chance.uniform(1, 8)) for _ in range(clips)]


class Device:
    """An engine that takes `start` seconds for a batch and `row` for each row of it, by its own clock. While it is at
    one, others speak: it lets them, as time passes."""

    name, model, device, demo = "simulated", "none", "none", False

    def __init__(self, batch: int, start: float, row: float) -> None:
        self.now = 0.0
        self.heard: dict[str, float] = {}  # by a clip's number: when its text was there
        self.batches: list[int] = []
        self.capabilities = Capabilities(("en",), translates=False, batch=batch)
        self._start, self._row = start, row
        self.meanwhile = lambda until: None

    def clock(self) -> float:
        return self.now

    def transcribe(self, rows: Sequence[Row]) -> list[Outcome]:
        done = self.now + self._start + self._row * len(rows)
        self.meanwhile(done)
        self.now = done
        self.batches.append(len(rows))
        self.heard |= {row.options.prompt or "": done for row in rows}
        return [Hypothesis("", "en") for _ in rows]


class Play:
    """Clips through a real `Scheduler`, each at its time; `waits` is how long each took from its end to its text."""

    def __init__(self, device: Device, spoken: list[Spoken], *, known: bool = True) -> None:
        self.device = device
        self.spoken = sorted(spoken, key=lambda one: one.at)
        self._known = known  # whether the scheduler is told who speaks
        self._coming: Iterator[tuple[int, Spoken]] = iter(enumerate(self.spoken))
        self._next = next(self._coming, None)
        self._answers: set[asyncio.Task[Hypothesis]] = set()

    async def run(self) -> list[tuple[Spoken, float]]:
        """Each clip and its wait, in seconds."""
        loop = asyncio.get_running_loop()
        self.device.meanwhile = lambda until: asyncio.run_coroutine_threadsafe(self._speak(until), loop).result(60)
        self._scheduler = Scheduler(self.device, clock=self.device.clock)
        while self._next or self._answers:
            if self._answers:
                # the device lets time pass now, and others speak in it
                done, _ = await asyncio.wait(self._answers, return_when=asyncio.FIRST_COMPLETED)
                assert all(isinstance(task.result(), Hypothesis) for task in done)
                self._answers -= done
            elif self._next:
                await self._speak(self._next[1].at)
        await self._scheduler.drain(10)
        return [(one, self.device.heard[str(i)] - one.at) for i, one in enumerate(self.spoken)]

    async def _speak(self, until: float) -> None:
        """Whatever is said by then enters the queue, each clip at its own moment."""
        while self._next and self._next[1].at <= until:
            number, one = self._next
            self.device.now = max(self.device.now, one.at)
            audio = np.zeros(round(one.seconds * SAMPLE_RATE), np.float32)
            speaker = one.speaker if self._known else ""
            hearing = self._scheduler.hear(
                audio, Options(prompt=str(number)), Priority.FINAL, DEADLINE, speaker=speaker
            )
            self._answers.add(asyncio.create_task(hearing))
            self._next = next(self._coming, None)
            await asyncio.sleep(0)  # it waits for its turn now
