"""Lease of a translation job: acquired before work begins and renewed while it lasts, so no job runs twice at once."""

import asyncio
import contextlib
import logging
from datetime import datetime, timedelta

from django.db import DatabaseError

from meet.translation import translation_jobs
from meet.translation.translation_jobs import Job

RENEW_SECONDS = translation_jobs.LEASE.total_seconds() / 3

logger = logging.getLogger(__name__)


class LeaseTaken(Exception):
    """Another process has the job, or it is done."""


class Lease:
    """The right to work on a job. It ends by itself where its process is killed."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._until: datetime | None = None
        self._over = asyncio.Event()
        self._renewing: asyncio.Task[None] | None = None

    async def take(self) -> None:
        """Hold the job, if that is not so already. Raises LeaseTaken."""
        if self._renewing:
            return
        self._until = await translation_jobs.take(self.job)
        if self._until is None:
            raise LeaseTaken
        self._renewing = asyncio.get_running_loop().create_task(self._renew())

    async def stop(self) -> None:
        """Renew it no longer. A renewal that is being written is waited for."""
        self._over.set()
        if self._renewing:
            await self._renewing

    async def give_back(self, pause: timedelta, *, tried: bool) -> None:
        """Leave the job for later, where it is still held."""
        await self.stop()
        if self._until:
            await translation_jobs.postpone(self.job, self._until, pause, tried=tried)

    async def give_up(self) -> None:
        """Nobody will ever do the job."""
        await self.stop()
        if self._until:
            await translation_jobs.give_up(self.job, self._until)

    async def _renew(self) -> None:
        while self._until and not self._over.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), RENEW_SECONDS)
                return
            try:
                self._until = await translation_jobs.renew(self.job, self._until)
            except DatabaseError as error:  # its text may quote the row
                logger.warning("the lease of %s was not renewed: %s", self.job.clip, type(error).__name__)
