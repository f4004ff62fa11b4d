"""Translation queue: one for each room and language, worked on by tasks of this process."""

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings

from meet import broadcast
from meet.translation import chain, chinese_scripts, speech_model, translation_jobs
from meet.translation.lease import Lease, LeaseTaken
from meet.translation.priority_semaphore import PrioritySemaphore
from meet.translation.provider import WHISPER, CircuitOpen, NoAnswer, TranslationAnswer
from meet.translation.speech_model import EnglishBySpeechModel
from meet.translation.translation_jobs import Job

IN_FLIGHT = 4  # a room and language, in all web processes of a `serve`: each has its share
MOST_JOBS = 256  # at the desk at once; what is over stays in the database till a sweep
MOST_SWEPT = 192  # of them made up for: the rest is kept for what is said just now
MOST_OF_A_ROOM = 32  # live ones and as many made up for: no room's backlog is before another room's words
FEWEST = 16  # places that must be free before a sweep fills them
MOST_REPLACED = 8  # lines at once that the speech model has translated and a translator is asked for
LONGEST_PAUSE = 8.0  # seconds, while nobody answers; the breakers keep the number of tries down
UNTRIED_PAUSE = timedelta(seconds=1)
LONGEST_REFUSAL = 600.0  # seconds, where somebody answers that they will not

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class QueuedJob:
    """A job's place at the desk: `live` where its caption came just now, else it is made up for."""

    job: Job
    live: bool


class TranslationQueue:
    """What is being translated in this process."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._seats: dict[tuple[uuid.UUID, int, str], QueuedJob] = {}
        self._askers = PrioritySemaphore(chain.THREADS)  # all rooms together: who waits for a thread is not asking yet
        self._gates: dict[tuple[int, str], PrioritySemaphore] = {}
        self._users: dict[tuple[int, str], int] = {}
        self._spoken = EnglishBySpeechModel()

    def nudge(self, clip_id: uuid.UUID) -> None:
        """See at once what a caption needs."""
        if len(self._seats) < MOST_JOBS and (chain.configured().ready() or speech_model.offered()):
            self._start(self._begin_clip(clip_id))

    async def sweep(self) -> None:
        """Take up what is due and nobody works on."""
        free = MOST_SWEPT - sum(1 for seat in self._seats.values() if not seat.live)
        here = frozenset(seat.job.clip for seat in self._seats.values())
        translators = chain.configured()
        if free < FEWEST:
            return
        if translators.ready():
            self._begin(await translation_jobs.due(here, free), live=False)
        elif speech_model.offered():
            self._begin(
                await translation_jobs.due(here | self._spoken.without(), free, speech_model.ENGLISH), live=False
            )
        if translators.ready(translators.before):
            # where the last one got no answer, one line finds out whether somebody is back: perhaps no other waits
            answered = translators.answers("", speech_model.ENGLISH, translators.before)
            self._begin(await translation_jobs.stand_ins(here, MOST_REPLACED if answered else 1), live=False)

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
        self._begin(await translation_jobs.of_clip(clip_id), live=True)

    def _begin(self, jobs: list[Job], *, live: bool) -> None:
        ready = chain.configured().ready()
        for job in jobs:
            if not ready and not self._spoken.may(job):
                continue
            if job.key not in self._seats and self._of_room(job.room, live) < MOST_OF_A_ROOM:
                self._seats[job.key] = QueuedJob(job, live)
                self._start(self._work(job, live))

    def _of_room(self, room: int, live: bool) -> int:
        return sum(1 for seat in self._seats.values() if seat.job.room == room and seat.live == live)

    async def _work(self, job: Job, live: bool) -> None:
        lease = Lease(job)
        try:
            events = await self._translated(lease, live)
        finally:
            await lease.stop()
            del self._seats[job.key]
        if events and await translation_jobs.is_shown(job):
            for event in events:
                await broadcast.send(job.room, event)

    async def _translated(self, lease: Lease, live: bool) -> list[str]:
        """Ask one after the other, and write the first answer: the events that tell of it; none where there is none."""
        job, failures = lease.job, []
        for ask in self._ways(job):
            try:
                answer = await ask(lease, live)
            except LeaseTaken:
                return []
            except NoAnswer as error:
                failures.append(error)
            else:
                again_at = (
                    speech_model.replace_at() if answer.provider == WHISPER and speech_model.stands_in() else None
                )
                return await translation_jobs.settle(job, _texts(job, answer.text), answer.provider, again_at)
        await self._postponed(lease, failures)
        return []

    def _ways(self, job: Job) -> list[Callable[[Lease, bool], Awaitable[TranslationAnswer]]]:
        """Who is asked for a job, in turn: the translators, and in its place among them the speech model."""
        translators = chain.configured()

        def by(among: slice) -> Callable[[Lease, bool], Awaitable[TranslationAnswer]]:
            return lambda lease, live: self._by_translators(lease, live, among)

        if job.stand_in:
            return [by(translators.before)]
        if not self._spoken.may(job):
            return [by(chain.ALL)]
        return [by(translators.before), self._by_speech_model, by(translators.after)]

    async def _by_translators(self, lease: Lease, live: bool, among: slice) -> TranslationAnswer:
        job = lease.job
        async with self._gate((job.room, job.ask.target), live), self._askers.enter(live=live):
            translators = chain.configured()
            if not translators.ready(among):
                raise CircuitOpen("chain", "left alone")
            await lease.take()
            return await translators.translate(job.ask, among)

    async def _by_speech_model(self, lease: Lease, live: bool) -> TranslationAnswer:
        await lease.take()
        return await self._spoken.translate(lease.job)

    async def _postponed(self, lease: Lease, failures: list[NoAnswer]) -> None:
        """Leave a job for later: soon where nobody was asked in earnest, not so soon where all who were will not."""
        tried = [error for error in failures if not isinstance(error, CircuitOpen)]
        if not tried:
            await lease.give_back(UNTRIED_PAUSE, tried=False)
            return
        why = next((error for error in tried if error.retryable), tried[0])
        logger.warning("no translation of %s into %s yet: %s", lease.job.clip, lease.job.ask.target, why)
        if self._spoken.lacks(lease.job) and not chain.configured().speaks(lease.job.language, lease.job.ask.target):
            await lease.give_up()  # the speech model was the only one to make it
            return
        retryable = any(error.retryable for error in failures)
        await lease.give_back(_pause(lease.job, retryable=retryable), tried=True)

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
        gate = self._gates.setdefault(key, PrioritySemaphore(max(1, IN_FLIGHT // settings.WEB_PROCESSES)))
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
        target: chinese_scripts.in_script(answer, target) if target in chinese_scripts.CHINESE else answer
        for target in job.targets
    }


def _pause(job: Job, *, retryable: bool) -> timedelta:
    longest = LONGEST_PAUSE if retryable else LONGEST_REFUSAL
    return timedelta(seconds=min(longest, 2.0 ** min(job.attempts, 10)))


_desk = TranslationQueue()


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
