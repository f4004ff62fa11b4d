"""Batched translation: lines that wait while a translator is busy are sent together in its next request."""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from meet.translation.breaker import Breaker
from meet.translation.pacing import AnswerTimes, Pace, TimeLimits
from meet.translation.provider import (
    CircuitOpen,
    NoAnswer,
    TranslationAnswer,
    TranslationRefused,
    TranslationRequest,
    TranslatorUnavailable,
)

MOST_CHARACTERS = 1500  # of several lines together
TRIAL_SECONDS = 150.0  # a trial after failures may take as long as the longest limit, and a little more


class NoSignOfLife(TranslatorUnavailable):
    """It took the request and gave no sign of life for too long."""


class GarbledAnswer(TranslationRefused):
    """It answered, but not with as many lines as it was given."""


@dataclass(frozen=True)
class BatchOutcome:
    """What came of one request: a text or why there is none for each line, and how long it took."""

    outcomes: tuple[str | NoAnswer, ...]
    took: AnswerTimes


@runtime_checkable
class BatchProvider(Protocol):
    """A translator of several lines at once. `own`: whether it runs on a machine of one's own."""

    name: str
    own: bool

    def speaks(self, source: str, target: str) -> bool:
        """Whether it knows both languages."""

    async def translate_lines(self, asks: Sequence[TranslationRequest], limits: TimeLimits) -> BatchOutcome:
        """One request, of lines between the same two languages.

        Raises NoSignOfLife, GarbledAnswer, TranslatorUnavailable or TranslationRefused."""


@dataclass(eq=False)
class _Line:
    """A line that waits for its translation; once it is under way, the request and all lines that are in it."""

    ask: TranslationRequest
    answer: asyncio.Future[str]
    request: asyncio.Task[None] | None = None
    together: tuple["_Line", ...] = ()

    def settle(self, outcome: str | NoAnswer) -> None:
        """Tell whoever waits for it, if they still do."""
        if self.answer.done():
            return
        if isinstance(outcome, NoAnswer):
            self.answer.set_exception(outcome)
        else:
            self.answer.set_result(outcome)


class BatchLink:
    """One such translator in the chain."""

    hurried = False  # its limits follow from what it takes

    def __init__(self, provider: BatchProvider) -> None:
        self.provider = provider
        self.breaker = Breaker(trial=TRIAL_SECONDS)
        self.pace = Pace(provider.own)
        self._waiting: deque[_Line] = deque()
        self._requests: set[asyncio.Task[None]] = set()

    async def translate(self, ask: TranslationRequest, _limit: float) -> TranslationAnswer:
        """The text in the other language, when its turn has come.

        Raises TranslatorUnavailable or TranslationRefused."""
        line = _Line(ask, asyncio.get_running_loop().create_future())
        self._waiting.append(line)
        self._begin()
        try:
            return TranslationAnswer(await line.answer, self.provider.name)
        finally:
            self._leave(line)

    def _begin(self) -> None:
        while self._waiting and len(self._requests) < self.pace.at_once:
            lines = self._next()
            request = asyncio.get_running_loop().create_task(self._work(lines))
            for line in lines:
                line.request, line.together = request, tuple(lines)
            self._requests.add(request)
            request.add_done_callback(self._ended)

    def _ended(self, request: asyncio.Task[None]) -> None:
        self._requests.discard(request)
        self._begin()

    def _next(self) -> list[_Line]:
        """The line that has waited longest, and those behind it that go along."""
        first = self._waiting.popleft()
        lines, length = [first], len(first.ask.text)
        for line in list(self._waiting):
            alike = (line.ask.source, line.ask.target) == (first.ask.source, first.ask.target)
            if alike and len(lines) < self.pace.lines and length + len(line.ask.text) <= MOST_CHARACTERS:
                self._waiting.remove(line)
                lines.append(line)
                length += len(line.ask.text)
        return lines

    def _leave(self, line: _Line) -> None:
        """Nobody waits for a line any more. A request for which nobody waits is given up."""
        if line in self._waiting:
            self._waiting.remove(line)
        line.answer.cancel()
        if line.request and all(other.answer.done() for other in line.together):
            line.request.cancel()

    async def _work(self, lines: list[_Line]) -> None:
        """Ask for these lines together; one by one where the answer does not tell them apart."""
        try:
            await self._settle(lines)
        except GarbledAnswer:
            for line in lines:
                if not self.breaker.ready(time.monotonic()):
                    line.settle(CircuitOpen(self.provider.name, "left alone"))
                elif not line.answer.done():
                    await self._settle([line])
        finally:
            for line in lines:  # none is left waiting, whatever went wrong
                line.settle(TranslatorUnavailable(self.provider.name, "given up"))

    async def _settle(self, lines: list[_Line]) -> None:
        """Make one request and tell each line what came of it. Raises GarbledAnswer, where it was of several lines."""
        try:
            outcomes = await self._outcomes(lines)
        except NoAnswer as error:
            if isinstance(error, GarbledAnswer) and len(lines) > 1:
                raise
            outcomes = (error,) * len(lines)
        for line, outcome in zip(lines, outcomes, strict=True):
            line.settle(outcome)

    async def _outcomes(self, lines: list[_Line]) -> tuple[str | NoAnswer, ...]:
        try:
            told = await self.provider.translate_lines([line.ask for line in lines], self.pace.limits)
        except NoAnswer as error:
            self._failed(error, len(lines))
            raise
        self.pace.answered(told.took, len(lines))
        self.breaker.succeeded()
        return told.outcomes

    def _failed(self, error: NoAnswer, lines: int) -> None:
        """Keep count; where it is to be left alone, those who wait for their turn need not."""
        if isinstance(error, GarbledAnswer):
            self.pace.garbled(lines)
        if isinstance(error, NoSignOfLife):
            self.pace.late(lines)
        self.breaker.count(error, time.monotonic(), certain=isinstance(error, NoSignOfLife))
        if not self.breaker.ready(time.monotonic()):
            for line in self._waiting:
                line.settle(CircuitOpen(self.provider.name, "left alone"))
            self._waiting.clear()
