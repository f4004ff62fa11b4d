"""speech.queue.scheduler: batches of what waits, one bad clip alone, an engine that works or is known not to."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence

import numpy as np
import pytest
import torch

from speech.engines import SILENCE, Audio, Capabilities, Engine, EngineError, Hypothesis, Options, Outcome, Row
from speech.queue import scheduler, turns
from speech.queue.scheduler import EngineBroken, Scheduler, SchedulerClosed
from speech.queue.turns import Priority
from tests.speech import sounds

ENGLISH, CHINESE = Options(language="en"), Options(language="zh")
POISON = np.zeros(7, np.float32)  # a length no other clip has


class Watched:
    """An engine, seen from outside: what it was given, in which batches; it can be held."""

    def __init__(self, engine: Engine) -> None:
        self.name, self.model, self.device, self.demo = engine.name, engine.model, engine.device, engine.demo
        self.capabilities = engine.capabilities
        self.batches: list[list[int]] = []  # the lengths of the clips, which tell them apart
        self.taken, self.go = threading.Event(), threading.Event()
        self.most = self.capabilities.batch  # rows that its memory holds
        self.call: Callable[[], object] = lambda: None  # what goes on while it is at it
        self.lost = False  # as with a CUDA context: every call fails from now on
        self._engine = engine

    def transcribe(self, rows: Sequence[Row]) -> list[Outcome]:
        self.taken.set()
        self.go.wait(30)
        self.call()
        self.batches.append([len(row.audio) for row in rows])
        if self.lost or any(len(row.audio) == len(POISON) for row in rows):
            raise EngineError("poison", retryable=False)
        if len(rows) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return self._engine.transcribe(rows)


class Scripted:
    """An engine that hears nothing: each row's text is its length. Some lengths it fails at, as it is told."""

    name, model, device, demo = "scripted", "none", "cpu", False

    def __init__(self, *, batch: int, bad=(), refused=(), starved=(), short=False) -> None:
        self.capabilities = Capabilities(("en", "zh"), translates=False, batch=batch)
        self.batches: list[list[int]] = []
        self._bad, self._refused, self._starved, self._short = set(bad), set(refused), set(starved), short

    def transcribe(self, rows: Sequence[Row]) -> list[Outcome]:
        lengths = [len(row.audio) for row in rows]
        self.batches.append(lengths)
        if self._bad & set(lengths):
            raise ValueError("no such thing")
        if self._starved & set(lengths):
            raise EngineError("out of memory", retryable=True)
        if self._short and len(rows) > 2:
            return [Hypothesis("another's", "en")]
        return [
            EngineError("no", retryable=False) if length in self._refused else Hypothesis(str(length), "en")
            for length in lengths
        ]


class Clock:
    """Seconds that pass when a test says so."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watched(request) -> Watched:
    """Around an engine that hears nothing: who is next does not hang on it. Around the real one with `@real`."""
    return Watched(request.getfixturevalue("engine") if hasattr(request, "param") else Scripted(batch=4))


real = pytest.mark.parametrize("watched", ["real"], indirect=True)


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
    task = asyncio.create_task(queue.hear(clip(1), ENGLISH, Priority.FINAL))
    await asyncio.to_thread(watched.taken.wait, 10)
    assert not queue.waiting
    return task


async def queued(queue: Scheduler, *jobs: tuple[int, Options, Priority, float]) -> list[asyncio.Task[Hypothesis]]:
    tasks = [asyncio.create_task(queue.hear(clip(n), o, p, patience)) for n, o, p, patience in jobs]
    await asyncio.sleep(0)  # each has gone as far as it can: it waits for its turn
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


@real
async def test_a_batch_gives_each_caller_its_own_text(queue, watched):
    chosen = sounds.sentences("en")[:3]
    watched.go.set()
    heard = await asyncio.gather(*(queue.hear(s.audio, ENGLISH, Priority.FINAL) for s in chosen))
    assert [h.text for h in heard] == [s.text for s in chosen]


@real
async def test_one_bad_clip_does_not_take_its_neighbours_down(queue, watched):
    first = await busy(queue, watched)
    chosen = sounds.sentences("en")[:2]
    clips = [chosen[0].audio, POISON, chosen[1].audio]
    tasks = [asyncio.create_task(queue.hear(audio, ENGLISH, Priority.FINAL)) for audio in clips]
    await asyncio.sleep(0)
    watched.go.set()
    one, failed, other = await asyncio.gather(*tasks, return_exceptions=True)
    await first
    assert [one.text, other.text] == [s.text for s in chosen]
    assert isinstance(failed, EngineError)
    assert not failed.retryable


async def test_a_row_that_no_engine_could_hear_does_not_wait_for_its_turn(queue, watched):
    first = await busy(queue, watched)
    with pytest.raises(EngineError, match="no numbers"):
        await queue.hear(np.full(9, np.nan, np.float32), ENGLISH, Priority.FINAL)
    watched.go.set()
    await first
    assert watched.batches == [[1]]


async def test_a_caller_that_went_away_leaves_the_queue(queue, watched):
    first = await busy(queue, watched)
    gone, kept = await queued(queue, (10, ENGLISH, Priority.FINAL, 1), (11, ENGLISH, Priority.FINAL, 1))
    gone.cancel()
    await asyncio.wait([gone])
    assert queue.waiting == 1
    watched.go.set()
    await asyncio.gather(first, kept)
    assert watched.batches == [[1], [11]]


async def test_a_caller_that_went_away_while_their_row_was_heard_is_forgotten(queue, watched):
    gone = await busy(queue, watched)
    (kept,) = await queued(queue, (11, ENGLISH, Priority.FINAL, 1))
    gone.cancel()
    await asyncio.wait([gone])
    watched.go.set()
    await kept
    assert watched.batches == [[1], [11]]


async def test_a_partial_whose_deadline_passed_is_shed_and_a_final_is_not(queue, watched, clock):
    first = await busy(queue, watched)
    partial, final = await queued(queue, (10, ENGLISH, Priority.PARTIAL, 1), (11, ENGLISH, Priority.FINAL, 1))
    clock.now += 60
    watched.go.set()
    await asyncio.gather(first, final)
    with pytest.raises(turns.Expired):
        await partial
    assert watched.batches == [[1], [11]]


async def test_a_newer_partial_of_the_same_speaker_ends_the_waiting_one(queue, watched):
    first = await busy(queue, watched)
    partials = [asyncio.create_task(queue.hear(clip(n), ENGLISH, Priority.PARTIAL, speaker="alice")) for n in (10, 11)]
    await asyncio.sleep(0)
    assert queue.waiting == 1
    watched.go.set()
    await asyncio.gather(partials[1], first)
    with pytest.raises(turns.Superseded):
        await partials[0]
    assert watched.batches == [[1], [11]]


async def test_files_wait_in_a_bounded_queue_and_finals_in_an_endless_one(queue, watched, monkeypatch):
    monkeypatch.setattr(turns, "FILES_WAITING", 3)
    first = await busy(queue, watched)
    files = await queued(queue, *((10 + i, ENGLISH, Priority.FILE, 1) for i in range(3)))
    with pytest.raises(turns.Overloaded) as caught:
        await queue.hear(clip(20), ENGLISH, Priority.FILE)
    assert caught.value.retryable
    finals = await queued(queue, *((30 + i, ENGLISH, Priority.FINAL, 1) for i in range(8)))
    watched.go.set()
    await asyncio.gather(first, *files, *finals)


async def test_draining_finishes_finals_and_takes_nothing_new(queue, watched):
    first = await busy(queue, watched)
    (waiting,) = await queued(queue, (10, ENGLISH, Priority.FINAL, 1))
    drained = asyncio.create_task(queue.drain(30))
    await asyncio.sleep(0)
    with pytest.raises(SchedulerClosed):
        await queue.hear(clip(20), ENGLISH, Priority.FINAL)
    watched.go.set()
    await asyncio.gather(first, waiting, drained)


async def test_winding_down_sends_files_and_partials_away_and_still_takes_finals(queue, watched):
    first = await busy(queue, watched)
    file, partial = await queued(queue, (10, ENGLISH, Priority.FILE, 1), (11, ENGLISH, Priority.PARTIAL, 1))
    queue.wind_down()
    for refused in (file, partial, queue.hear(clip(12), ENGLISH, Priority.FILE)):
        with pytest.raises(SchedulerClosed) as caught:
            await refused
        assert caught.value.retryable
    (final,) = await queued(queue, (13, ENGLISH, Priority.FINAL, 1))
    watched.go.set()
    await asyncio.gather(first, final)
    assert watched.batches == [[1], [13]]


async def test_a_drain_that_takes_too_long_says_so_to_all_who_wait(queue, watched):
    first = await busy(queue, watched)
    (waiting,) = await queued(queue, (10, ENGLISH, Priority.FINAL, 1))
    await queue.drain(0)
    for told in (first, waiting):
        with pytest.raises(SchedulerClosed):
            await told


@real
async def test_a_batch_too_large_for_the_memory_is_heard_in_parts_and_the_next_are_smaller(queue, watched):
    watched.most = 1
    first = await busy(queue, watched)
    chosen = sounds.sentences("en")[:4]
    tasks = [asyncio.create_task(queue.hear(s.audio, ENGLISH, Priority.FINAL)) for s in chosen]
    await asyncio.sleep(0)
    watched.go.set()
    assert [h.text for h in await asyncio.gather(*tasks)] == [s.text for s in chosen]
    await first
    sizes = [len(batch) for batch in watched.batches]
    assert sizes[:3] == [1, 4, 2]
    assert sum(size == 1 for size in sizes) >= 5
    assert not queue.broken.done()


async def test_memory_that_is_there_again_is_used_again(queue, watched):
    watched.most = 2
    watched.go.set()
    full = watched.capabilities.batch
    for i in range(4):
        await asyncio.gather(*(queue.hear(clip(10 + n), ENGLISH, Priority.FINAL, i) for n in range(full)))
        watched.most = full
    assert [len(batch) for batch in watched.batches] == [4, 2, 2, 3, 1, 4, 4]


async def test_one_bad_clip_among_many_costs_a_few_calls(clock):
    scripted = Scripted(batch=64, bad={37})
    queue = Scheduler(scripted, clock=clock)
    told = await asyncio.gather(
        *(queue.hear(clip(i + 1), ENGLISH, Priority.FINAL) for i in range(64)), return_exceptions=True
    )
    assert [i + 1 for i, outcome in enumerate(told) if isinstance(outcome, Exception)] == [37]
    assert [outcome.text for outcome in told if isinstance(outcome, Hypothesis)] == [
        str(i + 1) for i in range(64) if i + 1 != 37
    ]
    assert len(scripted.batches) <= 1 + 2 * 6 + 3  # two a level, and a probe after each three failures in a row
    await queue.drain(5)


async def test_an_error_of_one_row_is_its_own_callers(clock):
    scripted = Scripted(batch=8, refused={3})
    queue = Scheduler(scripted, clock=clock)
    told = await asyncio.gather(
        *(queue.hear(clip(i + 1), ENGLISH, Priority.FINAL) for i in range(8)), return_exceptions=True
    )
    assert [isinstance(outcome, EngineError) for outcome in told] == [i == 2 for i in range(8)]
    assert len(scripted.batches) == 1
    await queue.drain(5)


async def test_an_engine_that_answers_too_few_rows_is_asked_again_and_nobody_gets_anothers_text(clock):
    scripted = Scripted(batch=8, short=True)
    queue = Scheduler(scripted, clock=clock)
    told = await asyncio.gather(
        *(queue.hear(clip(i + 1), ENGLISH, Priority.FINAL) for i in range(8)), return_exceptions=True
    )
    assert [outcome.text for outcome in told] == [str(i + 1) for i in range(8)]
    await queue.drain(5)


async def test_an_engine_that_fails_at_everything_is_broken_and_what_waits_is_to_come_again(queue, watched):
    watched.go.set()
    watched.lost = True
    jobs = [queue.hear(clip(10 + i), ENGLISH, Priority.FINAL) for i in range(2 * watched.capabilities.batch)]
    told = await asyncio.gather(*jobs, return_exceptions=True)
    assert {type(error) for error in told} == {EngineBroken}
    assert len(watched.batches) <= scheduler.FAILURES + 1
    assert queue.broken.done()
    assert queue.trouble
    with pytest.raises(EngineBroken) as caught:
        await queue.hear(clip(20), ENGLISH, Priority.FINAL)
    assert caught.value.retryable


async def test_an_engine_that_is_lost_under_a_single_clip_does_not_blame_the_clip(queue, watched):
    watched.go.set()
    watched.lost = True
    with pytest.raises(EngineBroken):
        await queue.hear(clip(10), ENGLISH, Priority.FINAL)


async def test_an_engine_that_refuses_row_after_row_is_asked_for_silence(clock):
    scripted = Scripted(batch=1, refused=set(range(1, 100)))
    queue = Scheduler(scripted, clock=clock)
    told = await asyncio.gather(
        *(queue.hear(clip(i + 1), ENGLISH, Priority.FINAL) for i in range(6)), return_exceptions=True
    )
    assert {type(error) for error in told} == {EngineError}
    assert scripted.batches.count([len(SILENCE)]) == 2
    assert not queue.broken.done()
    await queue.drain(5)


async def test_memory_short_for_one_clip_is_no_end_of_the_engine_and_the_clip_may_come_again(clock):
    scripted = Scripted(batch=4, starved={2})
    queue = Scheduler(scripted, clock=clock)
    told = await asyncio.gather(
        *(queue.hear(clip(i + 1), ENGLISH, Priority.FINAL) for i in range(4)), return_exceptions=True
    )
    assert [type(outcome) for outcome in told] == [Hypothesis, EngineError, Hypothesis, Hypothesis]
    assert told[1].retryable
    assert not queue.broken.done()
    await queue.drain(5)


@real
async def test_clips_that_no_engine_can_hear_do_not_make_it_broken(queue, watched):
    watched.go.set()
    for _ in range(2 * scheduler.FAILURES):
        with pytest.raises(EngineError):
            await queue.hear(POISON, ENGLISH, Priority.FINAL)
    assert (await queue.hear(sounds.sentences("en")[0].audio, ENGLISH, Priority.FINAL)).text
    assert not queue.broken.done()
    assert not queue.trouble


async def test_an_engine_that_does_not_come_back_is_broken(watched):
    queue = Scheduler(watched, longest=0)
    told = await asyncio.gather(
        *(queue.hear(clip(10), Options(prompt=prompt), Priority.FINAL) for prompt in "ab"), return_exceptions=True
    )
    assert [type(error) for error in told] == [EngineBroken, EngineBroken]
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


async def test_many_long_batches_one_after_another_are_no_trouble(queue, watched, clock):
    seen = []

    def long() -> None:
        clock.now += scheduler.LONGEST_CALL_SECONDS * 0.4
        seen.append(queue.trouble)

    watched.call = long
    watched.go.set()
    await asyncio.gather(*(queue.hear(clip(10), ENGLISH, Priority.FINAL) for _ in range(8 * watched.most)))
    assert seen == [""] * 8
    assert not queue.broken.done()


@pytest.mark.parametrize(("probed", "seconds"), [(0.0, 60.0), (0.4, 180.0), (2.0, 660.0), (60.0, 1800.0)])
def test_a_slow_engine_is_given_more_time_within_bounds(probed, seconds):
    assert scheduler.call_seconds(probed) == pytest.approx(seconds)
