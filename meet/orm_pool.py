"""The small pool of threads in which all database work of asynchronous code runs.

Channels' own way closes old connections through one shared thread at every message, so one slow query
holds back every socket. Here a few threads keep a connection each, and only database work waits for them.
"""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import close_old_connections

P = ParamSpec("P")
R = TypeVar("R")

_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="orm")


def pooled(work: Callable[P, R]) -> Callable[P, Awaitable[R]]:
    """Make a synchronous function of ORM calls awaitable. The function itself stays at `__wrapped__`."""

    @functools.wraps(work)
    async def run(*args: P.args, **kwargs: P.kwargs) -> R:
        def call() -> R:
            close_old_connections()
            try:
                return work(*args, **kwargs)
            finally:
                close_old_connections()

        return await asyncio.get_running_loop().run_in_executor(_threads, call)

    return run
