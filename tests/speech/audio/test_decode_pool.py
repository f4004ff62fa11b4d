"""speech.audio.decode_pool: foreign bytes are decoded elsewhere, and harm nobody but their own clip."""

from __future__ import annotations

import asyncio
import functools
import os
import signal
import time
from collections.abc import AsyncIterator

import numpy as np
import pytest

from speech.audio import codec
from speech.audio import decode_pool as intake_module
from speech.audio.decode_pool import DecodeOrder, DecodePool, DecoderUnstartable, take
from tests.speech import deadly, sounds

DEADLY = b"!"


@pytest.fixture
async def intake() -> AsyncIterator[DecodePool]:
    intake = DecodePool(1)
    yield intake
    intake.close()


@pytest.fixture
async def pair() -> AsyncIterator[DecodePool]:
    """Two workers, both started."""
    pair = DecodePool(2)
    await asyncio.gather(pair.warm(), pair.warm())
    yield pair
    pair.close()


@pytest.fixture
def impatient(monkeypatch) -> None:
    """A clip gets 3 s, whatever its size."""
    monkeypatch.setattr(intake_module, "PATIENCE_SECONDS", 3.0)
    monkeypatch.setattr(intake_module, "BYTES_A_SECOND", 1 << 40)


def pids(intake: DecodePool) -> set[int]:
    return {pid for worker in intake._workers if worker._pool for pid in worker._pool._processes or ()}


async def test_a_clip_comes_back_as_if_decoded_here(intake):
    data = sounds.webm(sounds.sentences("en")[0].audio)
    order = DecodeOrder(30.0, keep_from=100.0, keep_to=1500.0)
    taken = await intake.take(data, order)
    assert np.array_equal(taken.audio, take(data, order).audio)
    assert taken.spans
    assert taken.seconds == pytest.approx(1.4)


async def test_what_cannot_be_decoded_says_so_across_the_processes(intake):
    with pytest.raises(codec.Undecodable):
        await intake.take(b"nothing", DecodeOrder(30.0))
    with pytest.raises(codec.TooLong):
        await intake.take(codec.as_wav(np.zeros(32_000, np.float32)), DecodeOrder(1.0))


@pytest.mark.skipif(os.name != "posix", reason="signals")
async def test_a_worker_that_is_killed_is_replaced_and_the_clip_heard(intake):
    await intake.warm()
    for pid in pids(intake):
        os.kill(pid, signal.SIGKILL)
    assert (await intake.take(sounds.sentences("en")[0].data, DecodeOrder(30.0))).spans


async def test_several_clips_at_once_all_come_back(intake):
    chosen = sounds.sentences()[:6]
    taken = await asyncio.gather(*(intake.take(s.data, DecodeOrder(30.0)) for s in chosen))
    assert [round(t.seconds, 1) for t in taken] == [pytest.approx(s.seconds, abs=0.06) for s in chosen]


@pytest.mark.parametrize("harm", [deadly.ends, deadly.hangs])
async def test_a_clip_that_spoils_two_workers_is_refused_and_the_next_is_heard(intake, monkeypatch, impatient, harm):
    monkeypatch.setattr(intake_module, "take", harm)
    with pytest.raises(codec.Undecodable) as caught:
        await intake.take(DEADLY, DecodeOrder(30.0))
    assert not caught.value.retryable
    assert (await intake.take(sounds.sentences("en")[0].data, DecodeOrder(30.0))).spans


@pytest.mark.parametrize("harm", [deadly.ends, deadly.hangs])
async def test_a_clip_that_spoils_its_worker_leaves_the_other_worker_alone(pair, monkeypatch, impatient, harm):
    monkeypatch.setattr(intake_module, "take", harm)
    before = pids(pair)
    bad = asyncio.create_task(pair.take(DEADLY, DecodeOrder(30.0)))
    while not bad.done():
        assert (await pair.take(sounds.sentences("en")[0].data, DecodeOrder(30.0))).spans
    assert isinstance(bad.exception(), codec.Undecodable)
    assert len(before & pids(pair)) == 1


async def test_waiting_for_a_worker_does_not_use_up_a_clips_patience(intake, monkeypatch, impatient):
    monkeypatch.setattr(intake_module, "PATIENCE_SECONDS", 5.0)  # the fourth waits for six
    monkeypatch.setattr(intake_module, "take", deadly.takes_two_seconds)
    chosen = sounds.sentences("en")[:4]
    taken = await asyncio.gather(*(intake.take(s.data, DecodeOrder(30.0)) for s in chosen))
    assert all(t.spans for t in taken)


async def test_a_worker_that_starts_slowly_does_not_use_up_a_clips_patience(intake, monkeypatch, impatient):
    monkeypatch.setattr(intake_module, "_settle", functools.partial(time.sleep, 4))
    await intake.warm()


async def test_a_worker_that_cannot_be_started_is_not_the_clips_fault(intake, monkeypatch):
    monkeypatch.setattr(intake_module, "_settle", functools.partial(os._exit, 3))
    with pytest.raises(DecoderUnstartable) as caught:
        await intake.take(sounds.sentences("en")[0].data, DecodeOrder(30.0))
    assert caught.value.retryable


async def test_clips_under_way_and_waiting_at_the_end_are_told_to_come_again(intake, monkeypatch):
    monkeypatch.setattr(intake_module, "take", deadly.hangs)
    await intake.warm()
    tasks = [asyncio.create_task(intake.take(DEADLY, DecodeOrder(30.0))) for _ in range(3)]
    await asyncio.sleep(0.2)
    intake.close()
    told = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(error) for error in told] == [DecoderUnstartable] * 3
    assert not pids(intake)


async def test_a_caller_that_goes_away_does_not_keep_the_worker(intake, monkeypatch):
    monkeypatch.setattr(intake_module, "take", deadly.hangs)
    await intake.warm()
    gone = asyncio.create_task(intake.take(DEADLY, DecodeOrder(30.0)))
    await asyncio.sleep(0.2)
    gone.cancel()
    assert (await asyncio.wait_for(intake.take(sounds.sentences("en")[0].data, DecodeOrder(30.0)), 60)).spans


async def test_voices_take_turns_however_much_one_of_them_sends(intake, monkeypatch):
    monkeypatch.setattr(intake_module, "take", deadly.takes_a_moment)
    await intake.warm()
    came: list[str] = []

    async def ask(voice: str) -> None:
        await intake.take(sounds.sentences("en")[0].data, DecodeOrder(30.0), voice)
        came.append(voice)

    flood = [asyncio.create_task(ask("flood")) for _ in range(12)]
    await asyncio.sleep(0)
    others = [asyncio.create_task(ask(voice)) for voice in ("a", "b", "")]
    given_up = asyncio.create_task(ask("gone"))
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.gather(*flood, *others)
    assert sorted(came[:6]) == ["", "a", "b", "flood", "flood", "flood"]
    assert len(came) == 15
