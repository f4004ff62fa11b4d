"""One engine on one thread, fed with batches of what waits; every caller gets their text or their error."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from speech.audio.samples import Span
from speech.engines import (
    SAMPLE_RATE,
    Audio,
    Engine,
    EngineError,
    Hypothesis,
    Options,
    Outcome,
    Row,
    lost,
    probe,
    refusal,
)
from speech.queue.beam_policy import BeamPolicy
from speech.queue.jobs import Doubted, Job, settle
from speech.queue.retries import Retries
from speech.queue.turns import Claim, Priority, Turns

FAILURES = 3  # calls of the engine that failed in a row, before it has to show that it works at all
# How long a call may last. The worst batch (all rows at all temperatures, to their last token) takes 160 times as long
# as the probe, measured with the bundled model on two processors; other work on the machine slows both.
LEAST_CALL_SECONDS = 60.0
PROBES_A_CALL = 300.0
LONGEST_CALL_SECONDS = 1800.0


def call_seconds(probed: float) -> float:
    """How long a call of the engine may last, where the probe took `probed` seconds."""
    return min(LONGEST_CALL_SECONDS, LEAST_CALL_SECONDS + PROBES_A_CALL * probed)


class EngineBroken(Exception):
    """The engine does not work any more, and a fresh process would. The clip is not to blame."""

    retryable = True


class SchedulerClosed(Exception):
    """The scheduler is ending and takes nothing new, or no more of this kind."""

    retryable = True


class Scheduler:
    """Batches are what waits when the engine is free; `Turns` says who goes first. Lives on one event loop. An engine
    that fails at everything, or never comes back within `longest` seconds, is `broken`: nothing is heard any more."""

    def __init__(
        self,
        engine: Engine,
        *,
        clock: Callable[[], float] = time.monotonic,
        longest: float = LONGEST_CALL_SECONDS,
        beam: int | None = None,
    ) -> None:
        """`beam`: of rows that ask for none; None: as wide as there is time for."""
        self.engine = engine
        self.clock = clock
        self.broken: asyncio.Future[EngineBroken] = asyncio.get_running_loop().create_future()
        self._longest = longest
        self._beams = BeamPolicy(beam)
        self._called: float | None = None  # when the call under way began
        self._failures = 0
        self._size = engine.capabilities.batch  # smaller while memory is short
        self._turns: Turns[Job] = Turns(settle)
        self._retries: Retries[Job] = Retries()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="engine")
        self._work = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._takes = frozenset(Priority)
        self._loop = asyncio.create_task(self._run())

    async def hear(
        self,
        audio: Audio,
        options: Options,
        priority: Priority,
        patience: float = math.inf,
        *,
        speaker: str = "",
        asked: float | None = None,
        begun: bool = False,
        speech: tuple[Span, ...] = (),
        doubted: Doubted | None = None,
    ) -> Hypothesis:
        """Wait for the clip's turn and text. `speech`: where in it somebody speaks. `doubted` hears of a first text
        that looks wrong, before the clip is decoded again.

        `patience` sets its deadline, in seconds from `asked`, a time of `clock`
        (now, where it is not given). `begun`: more of a recording that is being heard. A caller that is cancelled
        leaves the queue; what comes of a row that is in the engine already is let go.

        Raises `Overloaded`, `Expired`, `Superseded`, `SchedulerClosed`, `EngineBroken`, `EngineError`."""
        if self.broken.done():
            raise self.broken.result()
        if priority not in self._takes:
            raise SchedulerClosed("ending")
        row = Row(audio, options, speech=speech)
        if error := refusal(row, self.engine.capabilities):
            raise error
        now = self.clock()
        claim = Claim(priority, now if asked is None else asked, patience, speaker, len(audio) / SAMPLE_RATE, begun)
        loop = asyncio.get_running_loop()
        job = Job(row, priority, loop.create_future(), loop.create_future() if doubted else None)
        turn = self._turns.enter(job, claim, now)
        self._idle.clear()
        self._work.set()
        try:
            return await job.answered(doubted)
        finally:
            job.answer.cancel()
            self._turns.leave(turn)

    @property
    def waiting(self) -> int:
        """How many clips wait for their turn."""
        return len(self._turns) + len(self._retries)

    @property
    def trouble(self) -> str:
        """What is wrong with the engine, before it is called broken and after; empty while all is well."""
        if self.broken.done():
            return str(self.broken.result())
        if self._failures >= FAILURES:
            return f"{self._failures} calls of the engine failed in a row"
        spent = 0.0 if self._called is None else self.clock() - self._called
        return f"the engine has been busy with one batch for {spent:.0f} s" if spent > self._longest / 2 else ""

    def wind_down(self) -> None:
        """Finals only from now on: whoever sent anything else may send it to the next process."""
        self._takes &= {Priority.FINAL}
        self._turns.clear(SchedulerClosed("ending"), Priority.PARTIAL, Priority.FILE)
        self._give_up(self._retries.clear(Priority.FILE))

    async def drain(self, seconds: float) -> None:
        """Take nothing new, and wait for the finals that are queued, for so long at most."""
        self.wind_down()
        self._takes = frozenset()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), seconds)
        self._loop.cancel()
        await asyncio.wait([self._loop])
        self._turns.clear(SchedulerClosed("ended before its turn"))
        self._give_up(self._retries.clear())
        self._idle.set()
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _run(self) -> None:
        while not self.broken.done():
            if not self.waiting:
                self._idle.set()
                self._work.clear()
                await self._work.wait()
            batch: list[Job] = []
            try:
                batch = self._next()
                await self._answer(batch)
            except asyncio.CancelledError:
                self._abandon(batch, SchedulerClosed("ended before it was heard"))
                raise
            except Exception as error:  # a fault of our own: those who wait are told, and a fresh process goes on
                self._abandon(batch, self._break(f"{type(error).__name__} in the queue"))
        self._abandon([], self.broken.result())
        self._turns.clear(self.broken.result())
        self._idle.set()

    def _next(self) -> list[Job]:
        """What goes to the engine next: retries where no live final waits, and otherwise what has its turn."""
        now = self.clock()
        self._give_up(self._retries.expired(now))
        return self._retries.take(self._size, now, self._turns.pressing(now)) or self._turns.take(self._size, now)

    async def _answer(self, batch: list[Job]) -> None:
        """Give every row its text or its error. A batch that fails is heard again in halves: its neighbours pay for
        one bad clip with a few calls, and a batch too large for the memory goes through in parts."""
        groups = [batch]
        while groups:
            group = [job for job in groups.pop() if not job.answer.done()]
            heard = await self._judged(group) if group else []
            if isinstance(heard, EngineError) and len(group) > 1:
                middle = len(group) // 2
                groups += [group[middle:], group[:middle]]  # the more urgent half is on top
                continue
            outcomes = [heard] * len(group) if isinstance(heard, Exception) else heard
            for job, outcome in zip(group, outcomes, strict=True):
                if isinstance(outcome, Hypothesis) and job.doubts(outcome):
                    told = job.first is not None
                    self._retries.add(job.after(outcome), job.priority, self.clock(), told=told)
                else:
                    settle(job, outcome)

    def _abandon(self, batch: list[Job], error: Exception) -> None:
        """Nothing is decoded any more: whoever has a first text gets that."""
        self._give_up(self._retries.clear())
        for job in batch:
            settle(job, error)

    def _give_up(self, retries: list[Job]) -> None:
        """Answer with the first text."""
        for job in retries:
            settle(job, SchedulerClosed("not decoded again"))

    async def _judged(self, group: list[Job]) -> list[Outcome] | EngineError | EngineBroken:
        """What the engine makes of a group; where it hears nothing, whether that is the clips' doing or its own."""
        heard = await self._heard(group)
        if isinstance(heard, EngineBroken):
            return heard
        if isinstance(heard, list) and any(isinstance(outcome, Hypothesis) for outcome in heard):
            self._failures = 0
            self._size = min(self.engine.capabilities.batch, self._size + (len(group) == self._size))
            return heard
        self._failures += 1
        if isinstance(heard, EngineError) and heard.retryable:
            self._size = max(1, len(group) // 2)  # what was too much comes back slowly, with each batch that goes well
        alone = isinstance(heard, EngineError) and len(group) == 1 and not heard.retryable
        if alone or self._failures >= FAILURES:
            return await self._examine() or heard
        return heard

    async def _heard(self, group: list[Job]) -> list[Outcome] | EngineError | EngineBroken:
        try:
            beams = self._beams.choose([job.priority for job in group], self._turns.live(self.clock()))
            rows = [job.asked(beam) for job, beam in zip(group, beams, strict=True)]
            began = self.clock()
            heard: list[Outcome] = await self._call(self.engine.transcribe, rows)
            if not any(row.first for row in rows):
                self._beams.observe(beams, self.clock() - began)
        except EngineBroken as error:
            return error
        except Exception as error:  # an engine's unforeseen error is this batch's, never the queue's end
            return lost(error)
        if len(heard) != len(group):
            return EngineError(f"{len(heard)} answers to {len(group)} rows", retryable=False)
        return heard

    async def _examine(self) -> EngineBroken | None:
        """Tell clips that no engine can hear, which are theirs to answer for, from an engine that hears nothing."""
        try:
            await self._call(probe, self.engine)
        except EngineBroken as error:
            return error
        except Exception as error:
            return self._break(f"{self._failures} calls failed in a row, and silence too: {type(error).__name__}")
        self._failures = 0
        return None

    async def _call(self, function: Callable[..., Any], *arguments: object) -> Any:
        """What the engine gives on its thread. One that does not come back is broken: its thread is lost."""
        if self.broken.done():
            raise self.broken.result()
        self._called = self.clock()
        call = asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)
        done, _ = await asyncio.wait({call}, timeout=self._longest)
        if not done:
            raise self._break(f"a batch did not come back within {self._longest:.0f} s")
        self._called = None
        return call.result()

    def _break(self, why: str) -> EngineBroken:
        error = EngineBroken(why)
        self.broken.set_result(error)
        return error
