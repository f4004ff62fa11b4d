"""The scheduler answers a batch before it decodes anything again, and a retry holds nobody else back."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest

from speech.engines import Capabilities, EngineError, Hypothesis, Options, Outcome, Row
from speech.queue.retries import LIVE_SECONDS, TOLD_SECONDS
from speech.queue.scheduler import Scheduler, SchedulerClosed
from speech.queue.turns import Priority

WRONG, RIGHT = 100, 200  # lengths of clips: what is heard in the first looks wrong
ENGLISH = Options(language="en")


class Doubtful:
    """An engine that is unsure of some clips at temperature 0. Each call waits to be let through."""

    name, model, device, demo = "doubtful", "none", "cpu", False

    def __init__(self) -> None:
        self.capabilities = Capabilities(("en",), translates=False, batch=4)
        self.calls: list[list[tuple[int, bool]]] = []  # the clips' lengths, and whether they were decoded again
        self.taken, self.go = threading.Semaphore(0), threading.Semaphore(0)
        self.fails = False  # whatever is decoded again

    def transcribe(self, rows: Sequence[Row]) -> list[Outcome]:
        self.calls.append([(len(row.audio), row.first is not None) for row in rows])
        self.taken.release()
        assert self.go.acquire(timeout=30)
        if self.fails and any(row.first for row in rows):
            raise EngineError("cannot", retryable=False)
        return [self._heard(row) for row in rows]

    def _heard(self, row: Row) -> Hypothesis:
        assert row.options.fallback is (row.first is not None)  # never in the call that others wait for
        if row.first:
            return Hypothesis("sure", "en", avg_logprob=-0.3, temperature=0.4)
        return Hypothesis("first", "en", avg_logprob=-2.0 if len(row.audio) < RIGHT else -0.1)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def engine() -> Doubtful:
    return Doubtful()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def queue(engine, clock) -> AsyncIterator[Scheduler]:
    queue = Scheduler(engine, clock=clock)
    yield queue
    engine.go.release(20)
    await queue.drain(30)


async def hear(
    queue: Scheduler, length: int, priority=Priority.FINAL, options=ENGLISH, doubted=None
) -> asyncio.Task[Hypothesis]:
    task = asyncio.create_task(queue.hear(np.zeros(length, np.float32), options, priority, doubted=doubted))
    await asyncio.sleep(0)  # it waits for its turn
    return task


async def begun(engine: Doubtful) -> None:
    """A call has begun."""
    assert await asyncio.to_thread(engine.taken.acquire, timeout=30)


async def test_neighbours_are_answered_before_a_doubtful_clip_is_decoded_again(queue, engine):
    first = await hear(queue, RIGHT)
    await begun(engine)
    doubtful, neighbour = await hear(queue, WRONG), await hear(queue, RIGHT + 1)
    engine.go.release(2)
    assert (await neighbour).text == "first"
    await begun(engine)
    await begun(engine)  # the retry, which is not let through yet
    assert first.done()
    assert not doubtful.done()
    engine.go.release()
    assert (await doubtful).text == "sure"
    assert engine.calls == [[(RIGHT, False)], [(WRONG, False), (RIGHT + 1, False)], [(WRONG, True)]]


async def test_a_retry_goes_after_the_finals_that_wait(queue, engine):
    doubtful = await hear(queue, WRONG)
    await begun(engine)
    later = await hear(queue, RIGHT)
    engine.go.release(3)
    await asyncio.gather(doubtful, later)
    assert engine.calls == [[(WRONG, False)], [(RIGHT, False)], [(WRONG, True)]]


async def test_under_load_a_line_gets_its_first_text_in_time(queue, engine, clock):
    doubtful = await hear(queue, WRONG)
    await begun(engine)
    later = await hear(queue, RIGHT)
    engine.go.release()
    await begun(engine)  # the later one is at the engine, and takes long
    clock.now += LIVE_SECONDS + 1
    engine.go.release()
    await later
    assert (await doubtful).text == "first"
    assert engine.calls == [[(WRONG, False)], [(RIGHT, False)]]


async def test_a_caller_who_asks_for_it_hears_of_a_doubted_text_before_it_is_decoded_again(queue, engine):
    told: asyncio.Queue[Hypothesis] = asyncio.Queue()
    doubtful = await hear(queue, WRONG, doubted=told.put_nowait)
    engine.go.release()
    assert (await asyncio.wait_for(told.get(), 30)).text == "first"
    assert not doubtful.done()
    engine.go.release()
    assert (await doubtful).text == "sure"
    assert told.empty()


async def test_of_a_text_that_looks_right_nobody_hears_before_the_answer(queue, engine):
    told: asyncio.Queue[Hypothesis] = asyncio.Queue()
    engine.go.release()
    assert (await (await hear(queue, RIGHT, doubted=told.put_nowait))).text == "first"
    assert told.empty()


async def told_under_load(queue, engine, clock, waits) -> Hypothesis:
    """What a line is answered whose first text was told, where a retry can begin only after so many seconds."""
    told: asyncio.Queue[Hypothesis] = asyncio.Queue()
    doubtful = await hear(queue, WRONG, doubted=told.put_nowait)
    await begun(engine)
    later = await hear(queue, RIGHT)
    engine.go.release()
    await begun(engine)  # the later one is at the engine, and takes long
    clock.now += waits
    engine.go.release(2)
    await later
    assert (await told.get()).text == "first"
    return await doubtful


async def test_under_load_a_line_whose_first_text_was_told_is_revised_later(queue, engine, clock):
    assert (await told_under_load(queue, engine, clock, LIVE_SECONDS + 1)).text == "sure"


async def test_a_line_whose_first_text_was_told_keeps_it_where_there_is_no_time_for_long(queue, engine, clock):
    assert (await told_under_load(queue, engine, clock, TOLD_SECONDS + 1)).text == "first"
    assert engine.calls == [[(WRONG, False)], [(RIGHT, False)]]


async def test_an_error_in_what_hears_of_a_first_text_is_its_callers_own(queue, engine):
    def fail(_first: Hypothesis) -> None:
        raise ValueError("not to be had")

    doubtful = await hear(queue, WRONG, doubted=fail)
    engine.go.release(3)
    with pytest.raises(ValueError, match="not to be had"):
        await doubtful
    assert (await (await hear(queue, RIGHT))).text == "first"


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
async def test_a_caller_who_leaves_before_or_after_the_first_text_is_not_decoded_for(queue, engine, before):
    told: asyncio.Queue[Hypothesis] = asyncio.Queue()
    doubtful = await hear(queue, WRONG, doubted=told.put_nowait)
    await begun(engine)
    if before:
        doubtful.cancel()
    later = await hear(queue, RIGHT)
    engine.go.release()
    if not before:
        await told.get()
        doubtful.cancel()
    engine.go.release(2)
    await later
    assert (await (await hear(queue, RIGHT + 1))).text == "first"
    assert (WRONG, True) not in [row for call in engine.calls for row in call]


async def test_a_retry_that_fails_leaves_the_first_text(queue, engine):
    engine.fails = True
    doubtful = await hear(queue, WRONG)
    engine.go.release(3)  # the examination of the engine among them
    assert (await doubtful).text == "first"


@pytest.mark.parametrize(
    ("priority", "options"),
    [(Priority.PARTIAL, ENGLISH), (Priority.FINAL, Options(language="en", fallback=False))],
    ids=["partial", "unasked"],
)
async def test_what_asks_for_no_retry_gets_its_first_text(queue, engine, priority, options):
    doubtful = await hear(queue, WRONG, priority, options)
    engine.go.release()
    assert (await doubtful).text == "first"
    assert engine.calls == [[(WRONG, False)]]


async def test_a_files_doubtful_clip_is_decoded_again_too(queue, engine):
    doubtful = await hear(queue, WRONG, Priority.FILE)
    engine.go.release(2)
    assert (await doubtful).text == "sure"


async def test_a_caller_who_leaves_while_a_retry_waits_is_not_decoded_for(queue, engine):
    doubtful = await hear(queue, WRONG)
    await begun(engine)
    later = await hear(queue, RIGHT)
    engine.go.release()
    await begun(engine)
    doubtful.cancel()
    engine.go.release()
    await later
    await hear(queue, RIGHT + 1)
    await begun(engine)
    assert (WRONG, True) not in [row for call in engine.calls for row in call]


async def test_at_the_end_a_line_that_waits_for_a_retry_gets_its_first_text(engine, clock):
    queue = Scheduler(engine, clock=clock)
    doubtful = await hear(queue, WRONG)
    await begun(engine)
    unheard = await hear(queue, RIGHT)
    engine.go.release()
    await begun(engine)
    await queue.drain(0)
    assert (await doubtful).text == "first"
    with pytest.raises(SchedulerClosed):
        await unheard
    engine.go.release()


async def test_an_end_asked_for_answers_files_with_their_first_text(queue, engine):
    doubtful = await hear(queue, WRONG, Priority.FILE)
    await begun(engine)
    later = await hear(queue, RIGHT)
    engine.go.release()
    await begun(engine)
    queue.wind_down()
    assert (await doubtful).text == "first"
    engine.go.release()
    await later
