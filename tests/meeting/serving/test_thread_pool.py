"""Threads that requests borrow."""

import asyncio
import threading

import pytest
from asgiref.sync import sync_to_async

from meeting.serving.thread_pool import MOST_IDLE, RequestThreads


@pytest.fixture
def served():
    """Which threads the synchronous work of each request ran in, and how a request is made."""
    found: list[set[int]] = []

    async def application(scope, _receive, _send):
        threads = {await sync_to_async(threading.get_ident)() for _ in range(3)}
        found.append(threads)
        await scope["then"]

    application_with_threads = RequestThreads(application)

    async def ask(then):
        await application_with_threads({"then": then}, None, None)

    return found, ask, application_with_threads


async def nothing():
    """A request that ends at once."""


async def test_a_request_has_one_thread_and_the_next_one_has_it_too(served):
    found, ask, _application = served
    for _ in range(3):
        await ask(nothing())
    assert len(set.union(*found)) == 1


async def test_requests_at_the_same_time_do_not_wait_for_each_other(served):
    found, ask, _application = served
    together = asyncio.Barrier(MOST_IDLE + 2)
    await asyncio.gather(*(ask(together.wait()) for _ in range(MOST_IDLE + 2)))
    assert len(set.union(*found)) == MOST_IDLE + 2


async def test_the_thread_of_a_request_that_was_given_up_is_lent_to_nobody(served):
    _found, ask, application = served

    async def fall_over():
        raise RuntimeError("gone")

    with pytest.raises(RuntimeError):
        await ask(fall_over())
    assert not application._idle
    await ask(nothing())
    assert len(application._idle) == 1
