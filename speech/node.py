"""A speech node: the journey of a clip from bytes to text, and whether the node is ready for one."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from speech import checks, gate, script
from speech.config import Config
from speech.engines import Audio, Engine, Hypothesis, Options, Segment
from speech.intake import Intake, Order, Taken
from speech.scheduler import Priority, Scheduler

logger = logging.getLogger(__name__)

LIVE_MARGIN_SECONDS = 15.0  # pre-roll, overlap and lateness that a live clip may bring beside its speech
FILE_MAX_SECONDS = 3600.0
WIDE_LANGUAGES = frozenset({"zh", "ja", "yue", "th", "lo", "my"})  # written without spaces
ANYTHING = Options()  # language detected, text without times
QUIET_BACK_SECONDS = 10.0  # how far before a window's end a pause is looked for
DRAIN_SECONDS = 10.0


class Loading(Exception):
    """The model is not in memory yet."""

    retryable = True


class Unusable(ValueError):
    """A request that cannot be met as it is."""

    retryable = False


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


@dataclass(frozen=True)
class Answer:
    """What was heard. Times are seconds from the start of what was kept of the clip."""

    text: str
    language: str
    duration: float
    silent: str | None  # "no-speech": the gate found none; "empty": the model wrote none; "suppressed"
    suppressed: checks.Suppressed | None
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float
    segments: tuple[Segment, ...]


class Node:
    """Intake, scheduler and engine together; listens while the engine still loads."""

    def __init__(self, config: Config, load: Callable[[], Engine], workers: int = 1) -> None:
        self.config = config
        self.failure: Exception | None = None
        self.scheduler: Scheduler | None = None
        self._load = load
        self._intake = Intake(workers)

    @property
    def engine(self) -> Engine | None:
        return self.scheduler.engine if self.scheduler else None

    async def start(self) -> None:
        """Load the engine, off the event loop, and warm what the first clip would wait for."""
        thread = ThreadPoolExecutor(1, thread_name_prefix="loading")
        warm = asyncio.create_task(self._intake.warm())
        try:
            engine = await asyncio.get_running_loop().run_in_executor(thread, self._loaded)
            await warm
        except Exception as error:
            self.failure = error  # whoever serves reports it and ends
            raise
        finally:
            warm.cancel()
            thread.shutdown(wait=False)  # an end asked for in mid-load does not wait for the model
        self.scheduler = Scheduler(engine)
        logger.info("ready: model %s on %s", engine.model, engine.device)

    async def stop(self) -> None:
        """Finish what is queued, within bounds."""
        if self.scheduler:
            await self.scheduler.drain(DRAIN_SECONDS)
        self._intake.close()

    async def hear(self, request: Request) -> Answer:
        """The journey: decode, find speech, transcribe, check. Raises what its steps raise."""
        if self.scheduler is None:
            raise Loading("the model is being loaded")
        self._refuse_impossible(request, self.scheduler.engine)
        began = time.monotonic()
        taken = await self._intake.take(request.data, self._order(request))
        if not gate.seconds(taken.spans):
            return self._silent(taken, request)
        heard = await self._transcribed(taken, request, self.scheduler, began)
        return _checked(heard, taken, request.script)

    def _loaded(self) -> Engine:
        engine = self._load()
        engine.transcribe([np.zeros(gate.SAMPLE_RATE, np.float32)], Options(fallback=False))
        return engine

    def _order(self, request: Request) -> Order:
        live = self.config.clip_max_seconds + LIVE_MARGIN_SECONDS
        longest = FILE_MAX_SECONDS if request.priority is Priority.FILE else live
        return Order(longest, request.keep_from, request.keep_to, self.config.aggressiveness)

    def _refuse_impossible(self, request: Request, engine: Engine) -> None:
        can = engine.capabilities
        language, allowed = request.options.language, request.options.languages
        if (language and language not in can.languages) or (allowed and not set(allowed) & set(can.languages)):
            strange = language or ", ".join(allowed)
            raise Unusable(f"model {engine.model} does not know {strange}, only {', '.join(can.languages)}")
        if request.options.task == "translate" and not can.translates:
            raise Unusable(f"model {engine.model} does not translate")
        if not script.known(request.script):
            raise Unusable("script can be Hant or Hans")

    def _silent(self, taken: Taken, request: Request) -> Answer:
        return Answer("", request.options.language or "", taken.seconds, "no-speech", None, 0.0, 1.0, 0.0, ())

    async def _transcribed(self, taken: Taken, request: Request, scheduler: Scheduler, began: float) -> Hypothesis:
        patience = request.patience - (time.monotonic() - began)
        pieces = windows(taken, scheduler.engine.capabilities.window_seconds)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(scheduler.hear(piece, request.options, request.priority, patience))
                for _, piece in pieces
            ]
        heard = [task.result() for task in tasks]
        return heard[0] if len(heard) == 1 else joined([at for at, _ in pieces], heard)


def windows(taken: Taken, longest: float) -> list[tuple[float, Audio]]:
    """(start in seconds, audio) of pieces that one row holds, cut in the widest pause before each one's end."""
    rate = gate.SAMPLE_RATE
    cuts = [0.0]
    while taken.seconds - cuts[-1] > longest:
        last = cuts[-1] + longest
        pauses = [
            (later.start - sooner.end, (later.start + sooner.end) / 2)
            for sooner, later in zip(taken.spans, taken.spans[1:], strict=False)
            if last - QUIET_BACK_SECONDS < (later.start + sooner.end) / 2 < last
        ]
        cuts.append(max(pauses)[1] if pauses else _quietest(taken.audio, last, rate))
    ends = [*cuts[1:], taken.seconds]
    pieces = [(a, taken.audio[round(a * rate) : round(b * rate)]) for a, b in zip(cuts, ends, strict=True)]
    heard = [
        (a, piece)
        for (a, piece), b in zip(pieces, ends, strict=True)
        if any(span.start < b and span.end > a for span in taken.spans)
    ]
    return heard or pieces[:1]


def _quietest(audio: Audio, last: float, rate: int) -> float:
    """The quietest 50 ms of the four seconds before `last`, in seconds."""
    size = rate // 20
    first = round((last - 4.0) * rate)
    block = audio[first : round(last * rate)]
    frames = block[: len(block) // size * size].reshape(-1, size)
    return (first + (int((frames**2).mean(axis=1).argmin()) + 0.5) * size) / rate


def joined(starts: list[float], heard: list[Hypothesis]) -> Hypothesis:
    """The hypotheses of one recording's pieces as one, their times on the recording's line."""
    spoken = [one for one in heard if one.text and not checks.judge(one, math.inf)] or heard[:1]
    between = "" if spoken[0].language in WIDE_LANGUAGES else " "
    segments = [
        replace(segment, start=round(segment.start + at, 3), end=round(segment.end + at, 3))
        for at, one in zip(starts, heard, strict=True)
        if one in spoken
        for segment in one.segments
    ]
    return Hypothesis(
        text=between.join(one.text for one in spoken),
        language=spoken[0].language,
        avg_logprob=sum(one.avg_logprob for one in spoken) / len(spoken),
        no_speech_prob=min(one.no_speech_prob for one in spoken),
        compression_ratio=max(one.compression_ratio for one in spoken),
        temperature=max(one.temperature for one in spoken),
        segments=tuple(segments),
    )


def _checked(heard: Hypothesis, taken: Taken, wanted: str) -> Answer:
    suppressed = checks.judge(heard, gate.seconds(taken.spans))
    chinese = wanted if heard.language == "zh" else ""
    text = "" if suppressed else script.written(heard.text, chinese)
    shown = () if suppressed else heard.segments
    return Answer(
        text=text,
        language=heard.language,
        duration=taken.seconds,
        silent="suppressed" if suppressed else (None if text else "empty"),
        suppressed=suppressed,
        avg_logprob=heard.avg_logprob,
        no_speech_prob=heard.no_speech_prob,
        compression_ratio=heard.compression_ratio,
        segments=tuple(replace(one, text=script.written(one.text, chinese)) for one in shown),
    )
