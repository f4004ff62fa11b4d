"""Thread pool for database work: the ORM calls of asynchronous code run in a few threads with a connection each.

Channels' own way closes old connections through one shared thread at every message, so one slow query
holds back every socket. Here a few threads keep a connection each, and only database work waits for them.
"""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, Protocol, TypeVar, cast

from django.db import close_old_connections

P = ParamSpec("P")
R = TypeVar("R")

_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="orm")


class Pooled(Protocol[P, R]):
    """A function whose work runs in the pool."""

    __wrapped__: Callable[P, R]  # the work itself, for whoever is in a thread already

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Awaitable[R]:
        """Have it done."""


def pooled(work: Callable[P, R]) -> Pooled[P, R]:
    """Make a synchronous function of ORM calls awaitable."""

    @functools.wraps(work)
    async def run(*args: P.args, **kwargs: P.kwargs) -> R:
        def call() -> R:
            close_old_connections()
            try:
                return work(*args, **kwargs)
            finally:
                close_old_connections()

        return await asyncio.get_running_loop().run_in_executor(_threads, call)

    return cast(Pooled[P, R], run)
