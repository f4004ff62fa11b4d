"""Job of the scheduler: a clip for the engine, and the caller who waits for its text."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from speech.engines import Hypothesis, Row
from speech.engines.fallback import looks_wrong
from speech.queue.turns import Priority

Doubted = Callable[[Hypothesis], object]  # hears of a first text that looks wrong, while it is decoded again


@dataclass(frozen=True, eq=False)
class Job:
    """A clip, and where its caller waits for what comes of it. Its row has a first text where that looked wrong and is
    to be decoded again: the answer, whatever comes of that. `first` is where the caller waits for that text, where they
    can do something with it before the answer."""

    row: Row
    priority: Priority
    answer: asyncio.Future[Hypothesis]
    first: asyncio.Future[Hypothesis] | None = None

    def asked(self, beam: int) -> Row:
        """The row with a beam, unless it asks for one of its own. Higher temperatures are tried in a call of their own,
        so that nobody's neighbours wait for them."""
        options = replace(self.row.options, beam=self.row.options.beam or beam, fallback=self.row.first is not None)
        return replace(self.row, options=options)

    def doubts(self, heard: Hypothesis) -> bool:
        """Whether a text is to be decoded again before it is the answer. Of a partial a newer one is on its way."""
        wanted = self.row.options.fallback and self.row.first is None and self.priority is not Priority.PARTIAL
        return wanted and looks_wrong(heard)

    def after(self, first: Hypothesis) -> Job:
        """The same with its first text, to be decoded again. A caller who waits for that text gets it."""
        if self.first and not self.first.done():
            self.first.set_result(first)
        return replace(self, row=replace(self.row, first=first))

    async def answered(self, doubted: Doubted | None) -> Hypothesis:
        """The answer; `doubted` hears of a first text that comes before it. It runs in its caller's task, so that its
        errors and its time are the caller's, not the queue's."""
        if self.first and doubted:
            await asyncio.wait({self.first, self.answer}, return_when=asyncio.FIRST_COMPLETED)
            if not self.answer.done():
                doubted(self.first.result())
        return await self.answer


def settle(job: Job, outcome: Hypothesis | Exception) -> None:
    """Tell the caller, if they are still there. A retry that comes to nothing leaves them the first text."""
    if job.answer.done():
        return
    if isinstance(outcome, Exception) and job.row.first:
        outcome = job.row.first
    if isinstance(outcome, Exception):
        job.answer.set_exception(outcome)
    else:
        job.answer.set_result(outcome)
