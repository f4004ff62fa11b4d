"""The desk where promised translations are made: one queue a room and language, in tasks of this process."""

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings

from meet import broadcast
from meet.translation import chain, ledger, scripts
from meet.translation.gate import Gate
from meet.translation.ledger import Job
from meet.translation.provider import LeftAlone, Refused, Unavailable

IN_FLIGHT = 4  # a room and language, in all web processes of a `serve`: each has its share
MOST_JOBS = 256  # at the desk at once; what is over stays in the database till a sweep
MOST_SWEPT = 192  # of them made up for: the rest is kept for what is said just now
MOST_OF_A_ROOM = 32  # live ones and as many made up for: no room's backlog is before another room's words
FEWEST = 16  # places that must be free before a sweep fills them
LONGEST_PAUSE = 8.0  # seconds, while nobody answers; the breakers keep the number of tries down
UNTRIED_PAUSE = timedelta(seconds=1)
LONGEST_REFUSAL = 600.0  # seconds, where somebody answers that they will not

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Seat:
    """A job's place at the desk: `live` where its caption came just now, else it is made up for."""

    job: Job
    live: bool


class Desk:
    """What is being translated in this process."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._seats: dict[tuple[uuid.UUID, int, str], Seat] = {}
        self._askers = Gate(chain.THREADS)  # all rooms together: who waits for a thread is not asking yet
        self._gates: dict[tuple[int, str], Gate] = {}
        self._users: dict[tuple[int, str], int] = {}

    def nudge(self, clip_id: uuid.UUID) -> None:
        """See at once what a caption needs."""
        if len(self._seats) < MOST_JOBS and chain.configured().ready():
            self._start(self._begin_clip(clip_id))

    async def sweep(self) -> None:
        """Take up what is due and nobody works on."""
        free = MOST_SWEPT - sum(1 for seat in self._seats.values() if not seat.live)
        if free >= FEWEST and chain.configured().ready():
            here = frozenset(seat.job.clip for seat in self._seats.values())
            self._begin(await ledger.due(here, free), live=False)

    async def idle(self) -> None:
        """Wait until the desk is empty."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self) -> None:
        """Stop. What was being translated is taken up by another process, or after the next start."""
        for task in self._tasks:
            task.cancel()
        await self.idle()

    async def _begin_clip(self, clip_id: uuid.UUID) -> None:
        self._begin(await ledger.of_clip(clip_id), live=True)

    def _begin(self, jobs: list[Job], *, live: bool) -> None:
        for job in jobs:
            if job.key not in self._seats and self._of_room(job.room, live) < MOST_OF_A_ROOM:
                self._seats[job.key] = Seat(job, live)
                self._start(self._work(job, live))

    def _of_room(self, room: int, live: bool) -> int:
        return sum(1 for seat in self._seats.values() if seat.job.room == room and seat.live == live)

    async def _work(self, job: Job, live: bool) -> None:
        try:
            async with self._gate((job.room, job.ask.target), live), self._askers.enter(live=live):
                events = await self._translated(job)
        finally:
            del self._seats[job.key]
        if events and await ledger.is_shown(job):
            for event in events:
                await broadcast.send(job.room, event)

    async def _translated(self, job: Job) -> list[str]:
        """Ask, and write the answer: the events that tell of it; none where there is no answer yet."""
        translators = chain.configured()
        if not translators.ready() or not await ledger.take(job):
            return []
        try:
            answer = await translators.translate(job.ask)
        except LeftAlone:
            await ledger.postpone(job, UNTRIED_PAUSE, tried=False)
            return []
        except (Unavailable, Refused) as error:
            logger.warning("no translation of %s into %s yet: %s", job.clip, job.ask.target, error)
            await ledger.postpone(job, _pause(job, error))
            return []
        return await ledger.settle(job, _texts(job, answer.text), answer.provider)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # a database's error may quote the row, and with it what was said: the name has to do
            logger.error("a translation was given up: %s; the sweep comes back to it", type(error).__name__)

    @asynccontextmanager
    async def _gate(self, key: tuple[int, str], live: bool) -> AsyncIterator[None]:
        """Room for a few at once a room and language; nothing is kept of rooms where nobody waits."""
        gate = self._gates.setdefault(key, Gate(max(1, IN_FLIGHT // settings.WEB_PROCESSES)))
        self._users[key] = self._users.get(key, 0) + 1
        try:
            async with gate.enter(live=live):
                yield
        finally:
            self._users[key] -= 1
            if not self._users[key]:
                del self._users[key], self._gates[key]


def _texts(job: Job, answer: str) -> dict[str, str]:
    """The answer for each row. Both Chinese scripts come from the one answer, so they agree."""
    return {
        target: scripts.in_script(answer, target) if target in scripts.CHINESE else answer for target in job.targets
    }


def _pause(job: Job, error: Unavailable | Refused) -> timedelta:
    longest = LONGEST_PAUSE if error.retryable else LONGEST_REFUSAL
    return timedelta(seconds=min(longest, 2.0 ** min(job.attempts, 10)))


_desk = Desk()


async def request(clip_id: uuid.UUID) -> None:
    """Have a caption translated, now if possible. Returns at once; the rows are the promise."""
    _desk.nudge(clip_id)


async def sweep() -> None:
    """Take up what is due: what waits since a translator was away, or was left by a killed process."""
    await _desk.sweep()


async def idle() -> None:
    """Wait until nothing is being translated in this process."""
    await _desk.idle()


async def close() -> None:
    """Stop translating in this process."""
    await _desk.close()
