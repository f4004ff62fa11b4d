"""Which waiting clips the engine hears next: finals first, earliest deadline first, like options together."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import itertools
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from speech.engines import Audio, Engine, EngineError, Hypothesis, Options

FILES_WAITING = 64  # rows of uploaded files; live finals have no bound, they are never shed
PARTIALS_WAITING = 64
FILE_BATCH_SHARE = 8  # a batch of file rows is so much smaller, so that a final never waits long behind it
RETRY_AFTER_SECONDS = 5


class Priority(enum.IntEnum):
    """Lower is sooner."""

    FINAL = 0
    PARTIAL = 1
    FILE = 2


class Overloaded(Exception):
    """Too much waits already."""

    retryable = True


class Expired(Exception):
    """A partial whose deadline passed before its turn: a newer one is on its way."""

    retryable = False


class Closed(Exception):
    """The scheduler is ending and takes nothing new."""

    retryable = True


@dataclass(order=True)
class _Row:
    """A clip in the queue; rows sort by who is heard first."""

    priority: Priority
    deadline: float  # seconds of the scheduler's clock
    number: int
    audio: Audio = field(compare=False)
    options: Options = field(compare=False)
    answer: asyncio.Future[Hypothesis] = field(compare=False)


class Scheduler:
    """One engine on one thread, and the queue before it. Lives on one event loop."""

    def __init__(self, engine: Engine, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.engine = engine
        self._clock = clock
        self._rows: list[_Row] = []
        self._numbers = itertools.count()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="engine")
        self._work = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False
        self._loop = asyncio.create_task(self._run())

    async def hear(self, audio: Audio, options: Options, priority: Priority, patience: float = math.inf) -> Hypothesis:
        """Wait for the clip's turn and text; `patience` in seconds from now sets its deadline. A caller that is
        cancelled leaves the queue. Raises `Overloaded`, `Expired`, `Closed`, `EngineError`."""
        if self._closed:
            raise Closed("ending")
        self._admit(priority)
        answer: asyncio.Future[Hypothesis] = asyncio.get_running_loop().create_future()
        row = _Row(priority, self._clock() + patience, next(self._numbers), audio, options, answer)
        self._rows.append(row)
        self._idle.clear()
        self._work.set()
        try:
            return await answer
        finally:
            if row in self._rows:
                self._rows.remove(row)

    @property
    def waiting(self) -> int:
        """How many clips wait for their turn."""
        return len(self._rows)

    async def drain(self, seconds: float) -> None:
        """Take nothing new, and wait for what is queued, for so long at most."""
        self._closed = True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), seconds)
        self._loop.cancel()
        for row in self._rows:
            if not row.answer.done():
                row.answer.set_exception(Closed("ended before its turn"))
        self._rows.clear()
        self._idle.set()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _admit(self, priority: Priority) -> None:
        bound = {Priority.FILE: FILES_WAITING, Priority.PARTIAL: PARTIALS_WAITING}.get(priority)
        if bound is not None and sum(row.priority == priority for row in self._rows) >= bound:
            raise Overloaded(f"{bound} clips of this kind wait already")

    async def _run(self) -> None:
        while True:
            if not self._rows:
                self._idle.set()
                self._work.clear()
                await self._work.wait()
            batch = self._next()
            if batch:
                await self._answer(batch)

    def _next(self) -> list[_Row]:
        """The most urgent row and those that can go with it, taken off the queue."""
        now = self._clock()
        for row in [r for r in self._rows if r.priority is Priority.PARTIAL and r.deadline < now]:
            self._rows.remove(row)
            if not row.answer.done():
                row.answer.set_exception(Expired("deadline passed"))
        queue = sorted(row for row in self._rows if not row.answer.done())
        if not queue:
            self._rows.clear()
            return []
        first = queue[0]
        size = self.engine.capabilities.batch
        if first.priority is Priority.FILE:
            size = max(1, size // FILE_BATCH_SHARE)
        batch = [row for row in queue if row.options == first.options][:size]
        if first.priority is not Priority.FILE:
            batch = [row for row in batch if row.priority is not Priority.FILE]
        for row in batch:
            self._rows.remove(row)
        return batch

    async def _answer(self, batch: list[_Row]) -> None:
        """Give every row its text or its error. A batch that fails is heard again a row at a time, so that one
        bad clip does not take its neighbours down."""
        heard = await self._heard(batch)
        if isinstance(heard, BaseException) and len(batch) > 1:
            for row in batch:
                await self._answer([row])
            return
        for i, row in enumerate(batch):
            if row.answer.done():
                continue
            if isinstance(heard, BaseException):
                row.answer.set_exception(heard)
            else:
                row.answer.set_result(heard[i])

    async def _heard(self, batch: list[_Row]) -> list[Hypothesis] | Exception:
        loop = asyncio.get_running_loop()
        clips = [row.audio for row in batch]
        try:
            return await loop.run_in_executor(self._thread, self.engine.transcribe, clips, batch[0].options)
        except EngineError as error:
            return error
        except Exception as error:  # an engine's unforeseen error is this batch's, never the queue's end
            return EngineError(f"{type(error).__name__} in the engine", retryable=False)
