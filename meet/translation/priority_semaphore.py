"""Priority semaphore: lets a few tasks through at once; live lines go before those that catch up."""

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class PrioritySemaphore:
    """So many `places`, given in order of coming; those who are `live` come before all others."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting: list[tuple[bool, int, asyncio.Future[None]]] = []
        self._tickets = itertools.count()

    @asynccontextmanager
    async def enter(self, *, live: bool) -> AsyncIterator[None]:
        """Wait for a place, and give it back at the end."""
        await self._place(live)
        try:
            yield
        finally:
            self._give_back()

    async def _place(self, live: bool) -> None:
        if self._free:
            self._free -= 1  # nobody waits while a place is free
            return
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (not live, next(self._tickets), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._give_back()  # its turn came in the moment it was given up
            raise

    def _give_back(self) -> None:
        while self._waiting:
            _late, _ticket, turn = heapq.heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)  # the place goes on to the next
                return
        self._free += 1
