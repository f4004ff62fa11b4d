"""The translators in the order they are asked: the first that answers, each with its threads and its breaker."""

import asyncio
import functools
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings

from meet.translation.breaker import Breaker
from meet.translation.provider import Answer, Ask, LeftAlone, Provider, Refused, Unavailable

LIMIT_SECONDS = 12.0  # for one answer in all: a server may trickle within the read limit
THREADS = 8


class Link:
    """One translator in the chain."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.breaker = Breaker()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=f"translate-{provider.name}")

    async def translate(self, ask: Ask) -> Answer:
        """Ask this one. Raises Unavailable or Refused, and keeps the breaker's count."""
        running = asyncio.get_running_loop().run_in_executor(self._threads, self.provider.translate, ask)
        try:
            text = await asyncio.wait_for(running, LIMIT_SECONDS)
        except TimeoutError:
            self.breaker.failed(time.monotonic())
            raise Unavailable(self.provider.name, "no answer in time") from None
        except Unavailable:
            self.breaker.failed(time.monotonic())
            raise
        except Refused:
            self.breaker.succeeded()  # it is there; it only does not want this text
            raise
        self.breaker.succeeded()
        return Answer(text, self.provider.name)


class Chain:
    """Translators, the preferred one first."""

    def __init__(self, providers: Sequence[Provider]) -> None:
        self._links = [Link(provider) for provider in providers]

    def speaks(self, source: str, target: str) -> bool:
        """Whether any of them knows both languages."""
        return any(link.provider.speaks(source, target) for link in self._links)

    def ready(self) -> bool:
        """Whether any of them may be asked now."""
        now = time.monotonic()
        return any(link.breaker.ready(now) for link in self._links)

    async def translate(self, ask: Ask) -> Answer:
        """The first answer there is. Raises Unavailable where one may come later, Refused where none will."""
        failure: Unavailable | Refused = Refused("chain", "nobody knows these languages")
        for link in self._links:
            if not link.provider.speaks(ask.source, ask.target):
                continue
            if not link.breaker.allows(time.monotonic()):
                failure = failure if type(failure) is Unavailable else LeftAlone(link.provider.name, "left alone")
                continue
            try:
                return await link.translate(ask)
            except Unavailable as error:
                failure = error
            except Refused as error:
                failure = failure if isinstance(failure, Unavailable) else error
        raise failure


def configured() -> Chain:
    """The chain the settings ask for; without translators where `TRANSLATOR` is `off`."""
    return _built(tuple(settings.TRANSLATOR), settings.LIBRE_URL, settings.LIBRE_API_KEY)


def _google(url: str, key: str) -> Provider:
    from meet.translation.google import Google

    return Google()


def _libre(url: str, key: str) -> Provider:
    from meet.translation.libre import Libre

    return Libre(url, key)


# only the chosen ones are imported
_MAKERS: dict[str, Callable[[str, str], Provider]] = {"google": _google, "libre": _libre}


@functools.lru_cache(maxsize=8)
def _built(names: tuple[str, ...], libre_url: str, libre_key: str) -> Chain:
    return Chain([_MAKERS[name](libre_url, libre_key) for name in names if name in _MAKERS])
