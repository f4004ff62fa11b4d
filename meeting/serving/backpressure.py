"""Back-pressure for streamed responses: a slow reader is sent no more than its connection takes."""

import asyncio
from typing import Any


class Backpressure:
    """What Twisted calls a push producer: told by one connection when it is full, and when it takes more."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()

    def pauseProducing(self) -> None:
        """The connection's buffer is full."""
        self._open.clear()

    def resumeProducing(self) -> None:
        """There is room again."""
        self._open.set()

    def stopProducing(self) -> None:
        """The connection is gone: nobody need wait for it."""
        self._open.set()

    async def room(self) -> None:
        """Wait until the connection takes more."""
        await self._open.wait()


def begin(request: Any) -> Backpressure | None:
    """The flow of a request whose answer comes in pieces; None where its connection is gone."""
    if request.finished or request.channel is None:
        return None
    if request.producer is None:
        request.registerProducer(Backpressure(), True)
    flow: Backpressure = request.producer
    return flow


def end(request: Any) -> None:
    """The last piece is to be sent."""
    if request.producer is not None and request.channel is not None:
        request.unregisterProducer()
