"""speech.intake: foreign bytes are decoded elsewhere, and harm nobody but their own clip."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import numpy as np
import pytest

from speech import codec
from speech.intake import Intake, Order, take
from tests.speech import sounds


@pytest.fixture
async def intake() -> AsyncIterator[Intake]:
    intake = Intake(1)
    yield intake
    intake.close()


async def test_a_clip_comes_back_as_if_decoded_here(intake):
    data = sounds.webm(sounds.sentences("en")[0].audio)
    order = Order(30.0, keep_from=100.0, keep_to=1500.0)
    taken = await intake.take(data, order)
    assert np.array_equal(taken.audio, take(data, order).audio)
    assert taken.spans
    assert taken.seconds == pytest.approx(1.4)


async def test_what_cannot_be_decoded_says_so_across_the_processes(intake):
    with pytest.raises(codec.Undecodable):
        await intake.take(b"nothing", Order(30.0))
    with pytest.raises(codec.TooLong):
        await intake.take(codec.as_wav(np.zeros(32_000, np.float32)), Order(1.0))


@pytest.mark.skipif(os.name != "posix", reason="signals")
async def test_a_worker_that_is_killed_is_replaced_and_the_clip_heard(intake):
    await intake.warm()
    for pid in list(intake._pool._processes):
        os.kill(pid, signal.SIGKILL)
    assert (await intake.take(sounds.sentences("en")[0].data, Order(30.0))).spans


async def test_several_clips_at_once_all_come_back(intake):
    chosen = sounds.sentences()[:6]
    taken = await asyncio.gather(*(intake.take(s.data, Order(30.0)) for s in chosen))
    assert [round(t.seconds, 1) for t in taken] == [pytest.approx(s.seconds, abs=0.06) for s in chosen]
