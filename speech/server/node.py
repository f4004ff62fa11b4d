"""A speech node: the journey of a clip from bytes to text, and whether the node is ready for one."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from speech.audio import voice_detection
from speech.audio.decode_pool import DecodedSound, DecodeOrder, DecodePool
from speech.audio.samples import Span
from speech.audio.segmenter import Rules
from speech.config import Config
from speech.engines import Engine, Hypothesis, Segment, Word, probe
from speech.queue.scheduler import EngineBroken, Scheduler, call_seconds
from speech.queue.turns import Priority
from speech.transcription import chinese_script, hallucinations, recording
from speech.transcription.recording import Clip
from speech.transcription.second_pass import CompleteTranscript, Passage
from speech.transcription.transcription import Request, Told, Transcription

logger = logging.getLogger(__name__)

LIVE_MARGIN_SECONDS = 15.0  # pre-roll, overlap and lateness that a live clip may bring beside its speech
FILE_MAX_SECONDS = 3600.0
STOP_SECONDS = 2.0  # for what still runs when the callers have been answered or are gone


class ModelLoading(Exception):
    """The model is not in memory yet."""

    retryable = True


class UnusableClip(ValueError):
    """A request that cannot be met as it is."""

    retryable = False


class UnknownLanguage(UnusableClip):
    """The model does not know the language that is spoken: what it would write is another one's words. Nothing is
    wrong with the clip, and another model may hear it."""

    reason = "unknown_language"


@dataclass(frozen=True)
class Answer:
    """What was heard. Times are seconds from the start of what was kept of the clip."""

    text: str
    language: str
    duration: float
    silent: str | None  # "no-speech": the gate found none; "empty": no sound or no text; "suppressed"
    suppressed: hallucinations.Suppressed | None
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float
    segments: tuple[Segment, ...]
    words: tuple[Word, ...] = ()  # where they were asked for and the engine can
    gaps: tuple[Span, ...] = ()  # speech that stayed without words
    english: str = ""  # the text in English, where it was asked for, is in another language and the model translates


First = Callable[[Answer], None]


class Node:
    """Intake, scheduler and engine together; listens while the engine still loads."""

    def __init__(self, config: Config, load: Callable[[], Engine], workers: int = 1) -> None:
        self.config = config
        self.failure: Exception | None = None
        self.scheduler: Scheduler | None = None
        self._load = load
        self._intake = DecodePool(workers)
        self._files = DecodePool(1)  # starts with the first file; a long one never keeps a live clip waiting

    @property
    def engine(self) -> Engine | None:
        return self.scheduler.engine if self.scheduler else None

    async def start(self) -> Scheduler:
        """Load the engine, off the event loop, and warm what the first clip would wait for."""
        thread = ThreadPoolExecutor(1, thread_name_prefix="loading")
        warm = asyncio.create_task(self._intake.warm())
        try:
            engine, longest = await asyncio.get_running_loop().run_in_executor(thread, self._loaded)
            await warm
        except Exception as error:
            self.failure = error  # whoever serves reports it and ends
            raise
        finally:
            warm.cancel()
            thread.shutdown(wait=False)  # an end asked for in mid-load does not wait for the model
        # the bundled model learned its phrases for greedy decoding: a beam of five costs it a mark here and there
        beam = self.config.beam or (1 if engine.demo else None)
        self.scheduler = Scheduler(engine, longest=longest, beam=beam)
        logger.info("ready: model %s on %s", engine.model, engine.device)
        return self.scheduler

    async def live(self) -> EngineBroken:
        """Start, and return once the engine does not work any more, with the reason. Raises what `start` does."""
        scheduler = await self.start()
        return await asyncio.shield(scheduler.broken)  # whoever is cancelled here does not cancel it

    def wind_down(self) -> None:
        """Finals only from now on, so that an end which is asked for waits for nothing else."""
        if self.scheduler:
            self.scheduler.wind_down()

    async def stop(self) -> None:
        """Finish what is queued, within bounds."""
        if self.scheduler:
            await self.scheduler.drain(STOP_SECONDS)
        self._intake.close()
        self._files.close()

    async def hear(self, request: Request, told: Told | None = None, first: First | None = None) -> Answer:
        """The journey: decode, find speech, cut, transcribe, check; `told` hears of each clip that is done. `first`
        hears a live final's first text, checked as the answer is, where it is not the answer yet but worth showing.
        Raises what its steps raise."""
        if self.scheduler is None:
            raise ModelLoading("the model is being loaded")
        self._refuse_impossible(request, self.scheduler.engine)
        asked = self.scheduler.clock()
        intake = self._files if request.priority is Priority.FILE else self._intake
        taken = await intake.take(request.data, self._order(request), request.speaker)
        if not voice_detection.seconds(taken.spans):
            return self._silent(taken, request)
        found = await self._cut(taken, request, self.scheduler.engine.capabilities.window_seconds)

        def early(passage: Passage) -> None:
            answer = _answer([CompleteTranscript((passage,))], taken, request.script)
            if first and answer.text:  # the checks leave no text of one that repeats itself
                first(answer)

        transcription = Transcription(request, self.scheduler, asked, told, early if first else None)
        return _answer(await transcription.of(found), taken, request.script)

    def _loaded(self) -> tuple[Engine, float]:
        """The engine, its first and slowest call behind it, and how long any later one may take."""
        engine = self._load()
        began = time.monotonic()
        probe(engine)
        return engine, call_seconds(time.monotonic() - began)

    def _order(self, request: Request) -> DecodeOrder:
        live = self.config.clip_max_seconds + LIVE_MARGIN_SECONDS
        longest = FILE_MAX_SECONDS if request.priority is Priority.FILE else live
        return DecodeOrder(longest, request.keep_from, request.keep_to, self.config.aggressiveness)

    def _refuse_impossible(self, request: Request, engine: Engine) -> None:
        can = engine.capabilities
        language, allowed = request.options.language, request.options.languages
        if (language and language not in can.languages) or (allowed and not set(allowed) & set(can.languages)):
            strange = language or ", ".join(allowed)
            raise UnknownLanguage(f"model {engine.model} does not know {strange}, only {', '.join(can.languages)}")
        if request.options.task == "translate" and not can.translates:
            raise UnusableClip(f"model {engine.model} does not translate")
        if not chinese_script.known(request.script):
            raise UnusableClip("script can be Hant or Hans")

    def _silent(self, taken: DecodedSound, request: Request) -> Answer:
        why = "no-speech" if taken.seconds else "empty"
        return Answer("", request.options.language or "", taken.seconds, why, None, 0.0, 1.0, 0.0, ())

    async def _cut(self, taken: DecodedSound, request: Request, window: float) -> list[Clip]:
        """A file's clips. Live speech is one clip already, and stays so unless no row can hold it."""
        if request.priority is not Priority.FILE and taken.seconds <= window:
            return [recording.whole(taken)]
        rules = Rules(min(self.config.clip_max_seconds, window), self.config.clip_silence_seconds)
        return await asyncio.to_thread(recording.cut, taken, rules)  # an hour has 360,000 frames


def _written(heard: Hypothesis, wanted: str) -> Hypothesis:
    """The same in the script that is asked for, where it is Chinese."""
    chinese = wanted if heard.language == "zh" else ""
    words = chinese_script.written_apart([word.text for word in heard.words], chinese)
    return replace(
        heard,
        text=chinese_script.written(heard.text, chinese),
        segments=tuple(replace(one, text=chinese_script.written(one.text, chinese)) for one in heard.segments),
        words=tuple(replace(word, text=text) for word, text in zip(heard.words, words, strict=True)),
    )


def _answer(clips_heard: Sequence[CompleteTranscript], taken: DecodedSound, wanted: str) -> Answer:
    passages = [passage for one in clips_heard for passage in one.passages]
    heard = recording.joined([one.clip for one in passages], [_written(one.heard, wanted) for one in passages])
    return Answer(
        text=heard.text,
        language=heard.language,
        duration=taken.seconds,
        silent=None if heard.text else ("suppressed" if heard.suppressed else "empty"),
        suppressed=heard.suppressed,
        avg_logprob=heard.avg_logprob,
        no_speech_prob=heard.no_speech_prob,
        compression_ratio=heard.compression_ratio,
        segments=heard.segments,
        words=heard.words,
        gaps=tuple(gap for one in clips_heard for gap in one.gaps),
        english=heard.english,
    )
