"""The translators in the order they are asked: the first that answers, each with its threads and its breaker."""

import asyncio
import functools
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from django.conf import settings

from meet.translation.batches import BatchLink, BatchProvider
from meet.translation.breaker import Breaker
from meet.translation.cache import TranslationCache
from meet.translation.provider import (
    WHISPER,
    CircuitOpen,
    NoAnswer,
    Provider,
    TranslationAnswer,
    TranslationRefused,
    TranslationRequest,
    TranslatorUnavailable,
)

LIMIT_SECONDS = 12.0  # for one answer in all: a server may trickle within the read limit
WHOLE_SECONDS = 26.0  # for all of them together that are asked a line at a time
LEAST_SECONDS = 1.0  # with less of that left, nobody is asked any more
THREADS = 8
ALL = slice(None)


class ProviderLink:
    """One translator in the chain."""

    hurried = True  # what it takes is taken from the time of those behind it

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.breaker = Breaker()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=f"translate-{provider.name}")

    async def translate(self, ask: TranslationRequest, limit: float) -> TranslationAnswer:
        """Ask this one, for so many seconds at most.

        Raises TranslatorUnavailable or TranslationRefused, and keeps the breaker's count."""
        running = asyncio.get_running_loop().run_in_executor(self._threads, self.provider.translate, ask)
        try:
            text = await asyncio.wait_for(running, limit)
        except TimeoutError:
            self.breaker.failed(time.monotonic())
            raise TranslatorUnavailable(self.provider.name, "no answer in time") from None
        except NoAnswer as error:
            self.breaker.count(error, time.monotonic())
            raise
        self.breaker.succeeded()
        return TranslationAnswer(text, self.provider.name)


class ProviderChain:
    """Translators, the preferred one first. The speech model, which makes English of the sound itself, has its place
    among them: `before` it so many are asked, `after` it the others; after all of them where that is not said."""

    def __init__(self, providers: Sequence[Provider | BatchProvider], before: int | None = None) -> None:
        self._links = [_link(provider) for provider in providers]
        self._memory = TranslationCache()
        self.before, self.after = slice(before), slice(len(providers) if before is None else before, None)

    def speaks(self, source: str, target: str) -> bool:
        """Whether any of them knows both languages."""
        return any(link.provider.speaks(source, target) for link in self._links)

    def has(self, among: slice) -> bool:
        """Whether there are any."""
        return bool(self._links[among])

    def ready(self, among: slice = ALL) -> bool:
        """Whether any of them may be asked now."""
        now = time.monotonic()
        return any(link.breaker.ready(now) for link in self._links[among])

    def answers(self, source: str, target: str, among: slice = ALL) -> bool:
        """Whether any of them may be asked now and answered last time. `source`: empty where it is not known yet."""
        now = time.monotonic()
        links = (link for link in self._links[among] if not source or link.provider.speaks(source, target))
        return any(link.breaker.answers(now) for link in links)

    async def translate(self, ask: TranslationRequest, among: slice = ALL) -> TranslationAnswer:
        """The first answer there is.

        Raises TranslatorUnavailable where one may come later, TranslationRefused where none will."""
        known = self._memory.recall(ask, time.monotonic())
        if known is None:
            known = await self._first(ask, among)
            self._memory.keep(ask, known, time.monotonic())
        return known

    async def _first(self, ask: TranslationRequest, among: slice) -> TranslationAnswer:
        left = WHOLE_SECONDS
        failure: NoAnswer | None = None
        left_alone: NoAnswer | None = None
        for link in self._links[among]:
            if not link.provider.speaks(ask.source, ask.target) or (link.hurried and left < LEAST_SECONDS):
                continue
            if not link.breaker.allows(time.monotonic()):
                left_alone = CircuitOpen(link.provider.name, "left alone")
                continue
            began = time.monotonic()
            try:
                return await link.translate(ask, min(LIMIT_SECONDS, left))
            except CircuitOpen as error:
                left_alone = error
            except NoAnswer as error:
                failure = failure if isinstance(failure, TranslatorUnavailable) else error
            left -= time.monotonic() - began if link.hurried else 0.0
        if isinstance(failure, TranslationRefused) and left_alone:
            raise TranslatorUnavailable("chain", "some refused, some are left alone")
        raise failure or left_alone or TranslationRefused("chain", "nobody knows these languages")


def _link(provider: Provider | BatchProvider) -> ProviderLink | BatchLink:
    """How a translator is asked: one line at a time by a thread, or several at once."""
    return BatchLink(provider) if isinstance(provider, BatchProvider) else ProviderLink(provider)


@dataclass(frozen=True)
class ProviderSettings:
    """Which translators the settings name, and what each needs."""

    names: tuple[str, ...]
    libre_url: str
    openai_url: str
    openai_model: str
    microsoft_region: str
    libre_key: str = field(repr=False)
    deepl_key: str = field(repr=False)
    microsoft_key: str = field(repr=False)
    openai_key: str = field(repr=False)


def configured() -> ProviderChain:
    """The chain the settings ask for; without translators where `TRANSLATOR` is `off`."""
    return _built(
        ProviderSettings(
            names=tuple(settings.TRANSLATOR),
            libre_url=settings.LIBRE_URL,
            openai_url=settings.OPENAI_BASE_URL,
            openai_model=settings.TRANSLATION_MODEL,
            microsoft_region=settings.MICROSOFT_REGION,
            libre_key=settings.LIBRE_API_KEY,
            deepl_key=settings.DEEPL_API_KEY,
            microsoft_key=settings.MICROSOFT_API_KEY,
            openai_key=settings.OPENAI_API_KEY,
        )
    )


def _google(_wanted: ProviderSettings) -> Provider:
    from meet.translation.google import Google

    return Google()


def _mymemory(_wanted: ProviderSettings) -> Provider:
    from meet.translation.mymemory import MyMemory

    return MyMemory()


def _libre(wanted: ProviderSettings) -> Provider:
    from meet.translation.libre import Libre

    return Libre(wanted.libre_url, wanted.libre_key)


def _deepl(wanted: ProviderSettings) -> Provider:
    from meet.translation.deepl import DeepL

    return DeepL(wanted.deepl_key)


def _microsoft(wanted: ProviderSettings) -> Provider:
    from meet.translation.microsoft import Microsoft

    return Microsoft(wanted.microsoft_key, wanted.microsoft_region)


def _chatgpt(wanted: ProviderSettings) -> BatchProvider:
    from meet.translation.chatgpt import ChatGPT

    return ChatGPT(wanted.openai_key, wanted.openai_url, wanted.openai_model)


# only the chosen ones are imported
_MAKERS: dict[str, Callable[[ProviderSettings], Provider | BatchProvider]] = {
    "google": _google,
    "mymemory": _mymemory,
    "libre": _libre,
    "deepl": _deepl,
    "microsoft": _microsoft,
    "chatgpt": _chatgpt,
}


@functools.lru_cache(maxsize=8)
def _built(wanted: ProviderSettings) -> ProviderChain:
    names = [name for name in wanted.names if name in _MAKERS]
    before = wanted.names[: wanted.names.index(WHISPER)] if WHISPER in wanted.names else names
    return ProviderChain([_MAKERS[name](wanted) for name in names], len(before))
