"""Thread pool for requests: threads keep their database connection.

Django's handler makes a thread for every request and lets it end, and its database connection with it: on PostgreSQL
that is a process there, on SQLite a file opened and functions registered anew."""

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import ThreadSensitiveContext

MOST_IDLE = 8  # kept with nothing to do; more are made while more are needed, for none waits for another
Application = Callable[[Any, Any, Any], Awaitable[None]]


class RequestThreads:
    """An ASGI application; the synchronous work of one request to it runs in one borrowed thread."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._idle: list[ThreadPoolExecutor] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        thread = self._idle.pop() if self._idle else ThreadPoolExecutor(1, thread_name_prefix="request")
        try:
            async with ThreadSensitiveContext(executor=thread):
                await self._application(scope, receive, send)
        except BaseException:
            thread.shutdown(wait=False)  # what was given up may still be at work there
            raise
        if len(self._idle) < MOST_IDLE:
            self._idle.append(thread)
        else:
            thread.shutdown(wait=False)
