"""Transcription: a recording's clips to texts, each heard, checked for speech without words, and heard again there."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from speech.engines import Hypothesis, Options
from speech.queue.jobs import Doubted
from speech.queue.scheduler import Scheduler
from speech.queue.turns import Priority
from speech.transcription.recording import Clip
from speech.transcription.second_pass import CompleteTranscript, Passage, complete

ANYTHING = Options()  # language detected, text without times
SURE_LANGUAGE = 0.8  # probability from which on a clip of a recording keeps a language that the others do not speak

Result = TypeVar("Result")


@dataclass(frozen=True)
class Request:
    """A clip to be heard, and how."""

    data: bytes
    options: Options = ANYTHING
    priority: Priority = Priority.FILE
    patience: float = math.inf  # seconds from now
    keep_from: float | None = None  # milliseconds from the recording's first sample
    keep_to: float | None = None
    script: str = ""
    clip: str = ""
    speaker: str = ""  # whose voice it is, so that speakers take turns; any name, the same for the same person


@dataclass(frozen=True)
class Progress:
    """How far a recording has been heard: clips, and seconds of sound in them."""

    clips_done: int
    clips: int
    seconds_done: float
    seconds: float


Told = Callable[[Progress], None]
First = Callable[[Passage], None]


class Transcription:
    """One request's way through the scheduler."""

    def __init__(
        self,
        request: Request,
        scheduler: Scheduler,
        asked: float,
        told: Told | None = None,
        first: First | None = None,
    ) -> None:
        """`asked`: when the request came, a time of the scheduler's clock; `told` hears of each clip that is done.
        `first` hears once of a live final's first text that is not the answer yet, if the final is one clip: where it
        is doubted, or leaves speech out."""
        self._request, self._scheduler, self._asked, self._told = request, scheduler, asked, told
        self._early = first if request.priority is Priority.FINAL else None
        self._options = _for_coverage(request)
        self._room = asyncio.Semaphore(scheduler.engine.capabilities.batch)  # a long file never fills the queue
        self._done = Progress(0, 0, 0.0, 0.0)

    async def of(self, clips: Sequence[Clip]) -> list[CompleteTranscript]:
        """What is said in each clip. Raises what the scheduler raises."""
        self._done = Progress(0, len(clips), 0.0, sum(clip.seconds for clip in clips))
        if len(clips) > 1:
            self._early = None
        firsts = await _all(self._first(clip, place) for place, clip in enumerate(clips))
        spoken = _spoken(clips, firsts) if self._request.priority is Priority.FILE else None
        return await _all(
            self._completed(clip, first, place, spoken)
            for place, (clip, first) in enumerate(zip(clips, firsts, strict=True))
        )

    async def _first(self, clip: Clip, place: int) -> Hypothesis:
        doubted = partial(self._tell_early, clip) if self._early else None
        async with self._room:
            return await self._hear(clip, self._options, place, begun=place > 0, doubted=doubted)

    def _tell_early(self, clip: Clip, heard: Hypothesis) -> None:
        early, self._early = self._early, None
        if early:
            early(Passage(clip, heard))

    async def _completed(self, clip: Clip, first: Hypothesis, place: int, spoken: str | None) -> CompleteTranscript:
        """`spoken`: the language that the recording is in; a clip whose own is doubtful is heard again in it."""

        def again(part: Clip, language: str | None) -> Awaitable[Hypothesis]:
            if not first.turns:
                self._tell_early(clip, first)
            options = replace(self._options, prompt=None, language=language or self._options.language)
            return self._hear(part, options, place, begun=True)

        if self._request.priority is Priority.PARTIAL:
            return CompleteTranscript((Passage(clip, first),))
        async with self._room:
            if spoken and not first.turns and first.language != spoken and first.language_probability < SURE_LANGUAGE:
                first = await again(clip, spoken)
            whole = await complete(clip, first, again)
        self._done = replace(
            self._done,
            clips_done=self._done.clips_done + 1,
            seconds_done=self._done.seconds_done + clip.seconds,
        )
        if self._told:
            self._told(self._done)
        return whole

    def _hear(
        self, clip: Clip, options: Options, place: int, *, begun: bool, doubted: Doubted | None = None
    ) -> Coroutine[object, object, Hypothesis]:
        request = self._request
        return self._scheduler.hear(
            clip.audio,
            options,
            request.priority,
            request.patience,
            speaker=_voice(request, place),
            asked=self._asked,
            begun=begun,
            speech=clip.speech,
            doubted=doubted,
        )


async def _all(work: Iterable[Coroutine[object, object, Result]]) -> list[Result]:
    """All results in order, or the first error: clips of one recording fail together."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in work]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]


def _for_coverage(request: Request) -> Options:
    """How a request's clips are heard. What stays is looked at for speech without words, by time stamps and the times
    of words; a partial is gone in a moment, and is heard as fast as can be."""
    if request.priority is Priority.PARTIAL:
        return request.options
    return replace(request.options, timestamps=True, words=True)


def _spoken(clips: Sequence[Clip], firsts: Sequence[Hypothesis]) -> str | None:
    """The language that most of a recording is in, by the seconds of speech and how sure each clip's is."""
    seconds: dict[str, float] = {}
    for clip, first in zip(clips, firsts, strict=True):
        seconds[first.language] = seconds.get(first.language, 0.0) + clip.voiced * first.language_probability
    return max(seconds, key=lambda language: seconds[language]) if len(seconds) > 1 else None


def _voice(request: Request, place: int) -> str:
    """Whose turn a clip takes. A long partial's later clips replace their like, never its first."""
    apart = request.speaker and request.priority is Priority.PARTIAL and place
    return f"{request.speaker} {place}" if apart else request.speaker
