"""Which waiting clips the engine hears next: finals first, earliest deadline first."""

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
from typing import Any

from speech.engines import Audio, Engine, EngineError, Hypothesis, Options, Outcome, Row, probe

FILES_WAITING = 64  # rows of uploaded files; live finals have no bound, they are never shed
PARTIALS_WAITING = 64
FILE_BATCH_SHARE = 8  # a batch of file rows is so much smaller, so that a final never waits long behind it
FAILURES = 3  # calls of the engine that failed in a row, before it has to show that it works at all
# How long a call may last. The worst batch (all rows at all temperatures, to their last token) takes 160 times as long
# as the probe, measured with the bundled model on two processors; other work on the machine slows both.
LEAST_CALL_SECONDS = 60.0
PROBES_A_CALL = 300.0
LONGEST_CALL_SECONDS = 1800.0


def call_seconds(probed: float) -> float:
    """How long a call of the engine may last, where the probe took `probed` seconds."""
    return min(LONGEST_CALL_SECONDS, LEAST_CALL_SECONDS + PROBES_A_CALL * probed)


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


class Broken(Exception):
    """The engine does not work any more, and a fresh process would. The clip is not to blame."""

    retryable = True


class Closed(Exception):
    """The scheduler is ending and takes nothing new."""

    retryable = True


@dataclass(order=True)
class _Waiting:
    """A clip in the queue; rows sort by who is heard first."""

    priority: Priority
    deadline: float  # seconds of the scheduler's clock
    number: int
    row: Row = field(compare=False)
    answer: asyncio.Future[Hypothesis] = field(compare=False)


class Scheduler:
    """One engine on one thread, and the queue before it. Lives on one event loop. An engine that fails again and
    again, or never comes back within `longest` seconds, is `broken`: nothing is heard any more."""

    def __init__(
        self, engine: Engine, *, clock: Callable[[], float] = time.monotonic, longest: float = LONGEST_CALL_SECONDS
    ) -> None:
        self.engine = engine
        self.broken: asyncio.Future[Broken] = asyncio.get_running_loop().create_future()
        self._clock = clock
        self._longest = longest
        self._called: float | None = None  # when the call under way began
        self._failures = 0
        self._rows: list[_Waiting] = []
        self._numbers = itertools.count()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="engine")
        self._work = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False
        self._loop = asyncio.create_task(self._run())

    async def hear(self, audio: Audio, options: Options, priority: Priority, patience: float = math.inf) -> Hypothesis:
        """Wait for the clip's turn and text; `patience` in seconds from now sets its deadline. A caller that is
        cancelled leaves the queue. Raises `Overloaded`, `Expired`, `Closed`, `Broken`, `EngineError`."""
        if self.broken.done():
            raise self.broken.result()
        if self._closed:
            raise Closed("ending")
        self._admit(priority)
        answer: asyncio.Future[Hypothesis] = asyncio.get_running_loop().create_future()
        row = _Waiting(priority, self._clock() + patience, next(self._numbers), Row(audio, options), answer)
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

    @property
    def trouble(self) -> str:
        """What is wrong with the engine, before it is called broken and after; empty while all is well."""
        if self.broken.done():
            return str(self.broken.result())
        if self._failures >= FAILURES:
            return f"{self._failures} calls of the engine failed in a row"
        spent = 0.0 if self._called is None else self._clock() - self._called
        return f"the engine has been busy with one batch for {spent:.0f} s" if spent > self._longest / 2 else ""

    async def drain(self, seconds: float) -> None:
        """Take nothing new, and wait for what is queued, for so long at most."""
        self._closed = True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), seconds)
        self._loop.cancel()
        self._refuse_all(Closed("ended before its turn"))
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _admit(self, priority: Priority) -> None:
        bound = {Priority.FILE: FILES_WAITING, Priority.PARTIAL: PARTIALS_WAITING}.get(priority)
        if bound is not None and sum(row.priority == priority for row in self._rows) >= bound:
            raise Overloaded(f"{bound} clips of this kind wait already")

    async def _run(self) -> None:
        while not self.broken.done():
            if not self._rows:
                self._idle.set()
                self._work.clear()
                await self._work.wait()
            batch = self._next()
            if batch:
                await self._answer(batch)
            if self._failures >= FAILURES:
                await self._examine()
        self._refuse_all(self.broken.result())

    def _refuse_all(self, error: Exception) -> None:
        for row in self._rows:
            if not row.answer.done():
                row.answer.set_exception(error)
        self._rows.clear()
        self._idle.set()

    def _next(self) -> list[_Waiting]:
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
        batch = [one for one in queue if (one.priority is Priority.FILE) == (first.priority is Priority.FILE)][:size]
        for row in batch:
            self._rows.remove(row)
        return batch

    async def _answer(self, batch: list[_Waiting]) -> None:
        """Give every row its text or its error. A batch that fails is heard again a row at a time, so that one
        bad clip does not take its neighbours down."""
        heard = await self._heard(batch)
        if isinstance(heard, EngineError) and len(batch) > 1:
            for row in batch:
                await self._answer([row])
            return
        for i, row in enumerate(batch):
            if row.answer.done():
                continue
            outcome = heard if isinstance(heard, Exception) else heard[i]
            if isinstance(outcome, Exception):
                row.answer.set_exception(outcome)
            else:
                row.answer.set_result(outcome)

    async def _heard(self, batch: list[_Waiting]) -> list[Outcome] | Exception:
        try:
            heard: list[Outcome] = await self._call(self.engine.transcribe, [one.row for one in batch])
        except Broken as error:
            return error
        except Exception as error:  # an engine's unforeseen error is this batch's, never the queue's end
            self._failures += 1
            if isinstance(error, EngineError):
                return error
            return EngineError(f"{type(error).__name__} in the engine", retryable=False)
        self._failures = 0
        return heard

    async def _examine(self) -> None:
        """Tell clips that no engine can hear, which are theirs to answer for, from an engine that hears nothing."""
        try:
            await self._call(probe, self.engine)
        except Broken:
            return
        except Exception as error:
            self._break(f"{self._failures} calls failed in a row, and silence too: {type(error).__name__}")
        else:
            self._failures = 0

    async def _call(self, function: Callable[..., Any], *arguments: object) -> Any:
        """What the engine gives on its thread. One that does not come back is broken: its thread is lost."""
        if self.broken.done():
            raise self.broken.result()
        self._called = self._clock()
        call = asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)
        done, _ = await asyncio.wait({call}, timeout=self._longest)
        if not done:
            raise self._break(f"a batch did not come back within {self._longest:.0f} s")
        self._called = None
        return call.result()

    def _break(self, why: str) -> Broken:
        error = Broken(why)
        self.broken.set_result(error)
        return error
