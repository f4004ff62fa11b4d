"""English by the speech model from a clip's sound, where it is chosen or where no translator answers."""

import asyncio
import uuid
from collections import OrderedDict
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from meet.models import Clip
from meet.orm_pool import pooled
from meet.recognition import engine_status, speech_client
from meet.translation import chain
from meet.translation.provider import (
    WHISPER,
    CircuitOpen,
    TranslationAnswer,
    TranslationRefused,
    TranslatorUnavailable,
    sensible,
)
from meet.translation.translation_jobs import Job

ENGLISH = "en"
REPLACED_AFTER = timedelta(seconds=10)  # a translator that failed is asked again for a line that the model has made
MOST_WAITING = 4  # clips whose turn at the speech tier comes one after the other; more are asked for at the next sweep
MOST_WITHOUT = 512  # clips that are remembered to have no English


def offered() -> bool:
    """Whether the speech model makes English of what is said here."""
    return ENGLISH in settings.TRANSLATE_TO and "off" not in settings.TRANSLATOR and engine_status.translates()


def possible(language: str, target: str) -> bool:
    """Whether it makes this language's text in the other."""
    return target == ENGLISH and language != ENGLISH and offered()


def stands_in() -> bool:
    """Whether a translator's words are preferred to the model's: those are then replaced when one answers."""
    translators = chain.configured()
    return translators.has(translators.before)


def replace_at() -> datetime:
    """When a translator is first asked for a line that the model has made in its place."""
    return timezone.now() + REPLACED_AFTER


class EnglishBySpeechModel:
    """Asks the speech tier for the English of clips it has heard before: one at a time, after all live speech."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(1)
        self._waiting = 0
        self._without: OrderedDict[tuple[uuid.UUID, int], None] = OrderedDict()

    def may(self, job: Job) -> bool:
        """Whether it is worth asking for a line now."""
        there = possible(job.language, job.ask.target) and not job.stand_in and engine_status.answers()
        return there and not self.lacks(job)

    def lacks(self, job: Job) -> bool:
        """Whether it was asked, and there is none."""
        return (job.clip, job.revision) in self._without

    def without(self) -> frozenset[uuid.UUID]:
        """The clips that have none."""
        return frozenset(clip for clip, _revision in self._without)

    async def translate(self, job: Job) -> TranslationAnswer:
        """The English of a line's clip.

        Raises TranslatorUnavailable where it may come later, TranslationRefused where it never will."""
        if self._waiting >= MOST_WAITING:
            raise CircuitOpen(WHISPER, "others are asked for first")
        self._waiting += 1
        try:
            async with self._turn:
                return TranslationAnswer(await self._asked(job), WHISPER)
        except TranslationRefused:
            self._without[job.clip, job.revision] = None
            while len(self._without) > MOST_WITHOUT:
                self._without.popitem(last=False)
            raise
        finally:
            self._waiting -= 1

    async def _asked(self, job: Job) -> str:
        sound = await asyncio.to_thread(_read, await _audio(job.clip))
        try:
            english = await speech_client.translate(sound, clip=str(job.clip), language=job.language)
        except speech_client.SpeechTierUnavailable as error:
            raise TranslatorUnavailable(WHISPER, str(error)) from None
        except speech_client.ClipRejected as error:
            raise TranslationRefused(WHISPER, error.reason) from None
        try:
            return sensible(WHISPER, job.ask, english)
        except TranslatorUnavailable:
            raise TranslationRefused(WHISPER, "no English came of it") from None  # the same sound gives the same again


def _read(path: Path | None) -> bytes:
    """A clip's audio. Raises TranslatorUnavailable where it is not there yet."""
    try:
        if path:
            return path.read_bytes()
    except OSError as error:
        raise TranslatorUnavailable(WHISPER, type(error).__name__) from None
    raise TranslatorUnavailable(WHISPER, "the audio is not written yet")


@pooled
def _audio(clip_id: uuid.UUID) -> Path | None:
    """Where a clip's audio lies. Raises TranslationRefused where nothing could be made of its recording."""
    clip = Clip.objects.filter(pk=clip_id).values("audio", "duration_ms").first()
    if clip is None or clip["duration_ms"] == 0:
        raise TranslationRefused(WHISPER, "there is no audio")
    return settings.MEDIA_ROOT / clip["audio"] if clip["audio"] else None
