"""speech.scheduler: finals first, earliest deadline first, one bad clip alone."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest

from speech import scheduler
from speech.engines import Audio, Engine, EngineError, Hypothesis, Options, Outcome, Row
from speech.scheduler import Broken, Priority, Scheduler
from tests.speech import sounds

ENGLISH, CHINESE = Options(language="en"), Options(language="zh")
ONE_AT_A_TIME = threading.Lock()  # an engine that was given up may come back while the next test is at it
POISON = np.full(7, np.nan, np.float32)  # a length no clip has


class Watched:
    """The real engine, seen from outside: what it was given, in which batches; it can be held."""

    def __init__(self, engine: Engine) -> None:
        self.name, self.model, self.device, self.demo = engine.name, engine.model, engine.device, engine.demo
        self.capabilities = engine.capabilities
        self.batches: list[list[int]] = []  # the lengths of the clips, which tell them apart
        self.taken, self.go = threading.Event(), threading.Event()
        self.pause = 0.0  # seconds that a call takes more
        self.lost = False  # as with a CUDA context: every call fails from now on
        self._engine = engine

    def transcribe(self, rows: Sequence[Row]) -> list[Outcome]:
        self.taken.set()
        self.go.wait(30)
        time.sleep(self.pause)
        self.batches.append([len(row.audio) for row in rows])
        if self.lost or any(len(row.audio) == len(POISON) for row in rows):
            raise EngineError("poison", retryable=False)
        with ONE_AT_A_TIME:
            return self._engine.transcribe(rows)


class Clock:
    """Seconds that pass when a test says so."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watched(engine) -> Watched:
    return Watched(engine)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def queue(watched, clock) -> AsyncIterator[Scheduler]:
    queue = Scheduler(watched, clock=clock)
    yield queue
    watched.go.set()
    await queue.drain(30)


def clip(length: int) -> Audio:
    return np.zeros(length, np.float32)


async def busy(queue: Scheduler, watched: Watched) -> asyncio.Task[Hypothesis]:
    """A clip that the engine is held at, so that what comes next has to wait."""
    task = asyncio.create_task(queue.hear(clip(1), Options(language="ja"), Priority.FINAL))
    await asyncio.to_thread(watched.taken.wait, 10)
    assert not queue.waiting
    return task


async def queued(queue: Scheduler, *jobs: tuple[int, Options, Priority, float]) -> list[asyncio.Task[Hypothesis]]:
    tasks = [asyncio.create_task(queue.hear(clip(n), o, p, patience)) for n, o, p, patience in jobs]
    await asyncio.sleep(0.02)
    return tasks


async def test_finals_go_before_partials_before_files_and_the_earliest_deadline_first(queue, watched):
    first = await busy(queue, watched)
    tasks = await queued(
        queue,
        (10, Options(language="en", prompt="a"), Priority.FILE, 1),
        (11, Options(language="en", prompt="b"), Priority.PARTIAL, 1),
        (12, Options(language="en", prompt="c"), Priority.FINAL, 9),
        (13, Options(language="en", prompt="d"), Priority.FINAL, 5),
    )
    watched.go.set()
    await asyncio.gather(first, *tasks)
    assert watched.batches == [[1], [13, 12, 11], [10]]


async def test_what_waits_shares_a_batch_whatever_its_options(queue, watched):
    first = await busy(queue, watched)
    tasks = await queued(
        queue,
        (10, ENGLISH, Priority.FINAL, 5), (11, CHINESE, Priority.FINAL, 4), (12, ENGLISH, Priority.FINAL, 3),
        (13, ENGLISH, Priority.PARTIAL, 1),
    )  # fmt: skip
    watched.go.set()
    await asyncio.gather(first, *tasks)
    assert watched.batches == [[1], [12, 11, 10, 13]]


async def test_a_batch_is_no_larger_than_the_engine_takes(queue, watched):
    first = await busy(queue, watched)
    size = watched.capabilities.batch
    tasks = await queued(queue, *((10 + i, ENGLISH, Priority.FINAL, i) for i in range(2 * size)))
    watched.go.set()
    await asyncio.gather(first, *tasks)
    assert [len(batch) for batch in watched.batches] == [1, size, size]


async def test_a_batch_gives_each_caller_its_own_text(queue, watched):
    chosen = sounds.sentences("en")[:3]
    watched.go.set()
    heard = await asyncio.gather(*(queue.hear(s.audio, ENGLISH, Priority.FINAL) for s in chosen))
    assert [h.text for h in heard] == [s.text for s in chosen]


async def test_one_bad_clip_does_not_take_its_neighbours_down(queue, watched):
    first = await busy(queue, watched)
    good = sounds.sentences("en")[0]
    tasks = [asyncio.create_task(queue.hear(audio, ENGLISH, Priority.FINAL)) for audio in (good.audio, POISON)]
    await asyncio.sleep(0.02)
    watched.go.set()
    heard, failed = await asyncio.gather(*tasks, return_exceptions=True)
    await first
    assert isinstance(heard, Hypothesis)
    assert heard.text == good.text
    assert isinstance(failed, EngineError)
    assert not failed.retryable


async def test_a_caller_that_went_away_leaves_the_queue(queue, watched):
    first = await busy(queue, watched)
    gone, kept = await queued(queue, (10, ENGLISH, Priority.FINAL, 1), (11, ENGLISH, Priority.FINAL, 1))
    gone.cancel()
    await asyncio.sleep(0.02)
    assert queue.waiting == 1
    watched.go.set()
    await asyncio.gather(first, kept)
    assert watched.batches == [[1], [11]]


async def test_a_partial_whose_deadline_passed_is_shed_and_a_final_is_not(queue, watched, clock):
    first = await busy(queue, watched)
    partial, final = await queued(queue, (10, ENGLISH, Priority.PARTIAL, 1), (11, ENGLISH, Priority.FINAL, 1))
    clock.now += 60
    watched.go.set()
    await asyncio.gather(first, final)
    with pytest.raises(scheduler.Expired):
        await partial
    assert watched.batches == [[1], [11]]


async def test_files_wait_in_a_bounded_queue_and_finals_in_an_endless_one(queue, watched, monkeypatch):
    monkeypatch.setattr(scheduler, "FILES_WAITING", 3)
    first = await busy(queue, watched)
    files = await queued(queue, *((10 + i, ENGLISH, Priority.FILE, 1) for i in range(3)))
    with pytest.raises(scheduler.Overloaded) as caught:
        await queue.hear(clip(20), ENGLISH, Priority.FILE)
    assert caught.value.retryable
    finals = await queued(queue, *((30 + i, ENGLISH, Priority.FINAL, 1) for i in range(8)))
    watched.go.set()
    await asyncio.gather(first, *files, *finals)


async def test_draining_finishes_what_is_queued_and_takes_nothing_new(queue, watched):
    first = await busy(queue, watched)
    (waiting,) = await queued(queue, (10, ENGLISH, Priority.FINAL, 1))
    drained = asyncio.create_task(queue.drain(30))
    await asyncio.sleep(0.02)
    with pytest.raises(scheduler.Closed):
        await queue.hear(clip(20), ENGLISH, Priority.FINAL)
    watched.go.set()
    await asyncio.gather(first, waiting, drained)


async def test_a_drain_that_takes_too_long_says_so_to_those_who_wait(queue, watched):
    first = await busy(queue, watched)
    (waiting,) = await queued(queue, (10, ENGLISH, Priority.FINAL, 1))
    await queue.drain(0.05)
    with pytest.raises(scheduler.Closed):
        await waiting
    first.cancel()


async def test_an_engine_that_fails_at_everything_is_broken_and_what_waits_is_to_come_again(queue, watched):
    watched.go.set()
    watched.lost = True
    jobs = [queue.hear(clip(10 + i), ENGLISH, Priority.FILE) for i in range(scheduler.FAILURES + 2)]  # one at a time
    told = await asyncio.gather(*jobs, return_exceptions=True)
    assert [type(error) for error in told] == [EngineError] * scheduler.FAILURES + [Broken] * 2
    assert queue.broken.done()
    assert queue.trouble
    with pytest.raises(Broken) as caught:
        await queue.hear(clip(20), ENGLISH, Priority.FINAL)
    assert caught.value.retryable


async def test_clips_that_no_engine_can_hear_do_not_make_it_broken(queue, watched):
    watched.go.set()
    for _ in range(2 * scheduler.FAILURES):
        with pytest.raises(EngineError):
            await queue.hear(POISON, ENGLISH, Priority.FINAL)
    assert (await queue.hear(sounds.sentences("en")[0].audio, ENGLISH, Priority.FINAL)).text
    assert not queue.broken.done()
    assert not queue.trouble


async def test_an_engine_that_does_not_come_back_is_broken(watched):
    queue = Scheduler(watched, longest=0.5)
    told = await asyncio.gather(
        *(queue.hear(clip(10), Options(prompt=prompt), Priority.FINAL) for prompt in "ab"), return_exceptions=True
    )
    assert [type(error) for error in told] == [Broken, Broken]
    assert "did not come back" in str(await queue.broken)
    watched.go.set()
    await queue.drain(5)


async def test_a_batch_that_takes_very_long_is_trouble_before_it_is_the_end(queue, watched, clock):
    assert not queue.trouble
    first = await busy(queue, watched)
    clock.now += scheduler.LONGEST_CALL_SECONDS * 0.4
    assert not queue.trouble
    clock.now += scheduler.LONGEST_CALL_SECONDS * 0.2
    assert "busy with one batch" in queue.trouble
    watched.go.set()
    await first
    assert not queue.trouble


async def test_many_long_batches_one_after_another_are_no_trouble(watched):
    watched.go.set()
    watched.pause = 0.5
    queue = Scheduler(watched, longest=3)
    options = (Options(language="en", prompt=str(i), fallback=False) for i in range(8))
    await asyncio.gather(*(queue.hear(clip(16_000), one, Priority.FILE) for one in options))
    assert not queue.broken.done()
    await queue.drain(5)


@pytest.mark.parametrize(("probed", "seconds"), [(0.0, 60.0), (0.4, 180.0), (2.0, 660.0), (60.0, 1800.0)])
def test_a_slow_engine_is_given_more_time_within_bounds(probed, seconds):
    assert scheduler.call_seconds(probed) == pytest.approx(seconds)
