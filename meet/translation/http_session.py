"""HTTP session for deep-translator in place of `requests`: with timeouts and size limits, without cookies."""

import json
import logging
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from meet.translation.provider import NoAnswer, TranslationRefused, TranslatorUnavailable

CONNECT_SECONDS = 3.0
READ_SECONDS = 7.0
WHOLE_SECONDS = 11.0  # for the whole answer, however often a piece of it comes: its thread is wanted back
MOST_BYTES = 1 << 20  # no caption is so long in any language
CONNECTIONS = 8
DENIED_SECONDS = 300.0  # a wrong key or a used-up quota: asking with every sentence is no use
OK, REDIRECTED = 200, 300
_DENIED = (401, 402, 403, 456)  # 456 is DeepL's: the quota is used up
_NOT_THIS = (400, 413, 414, 422)

logging.getLogger("urllib3").setLevel(logging.ERROR)  # what it says below that holds addresses, and with them speech


@dataclass(frozen=True)
class Reply:
    """What deep-translator reads of a response."""

    status_code: int
    content: bytes
    encoding: str
    retry_after: str = ""

    @property
    def text(self) -> str:
        """The body, in the character set that it says it has."""
        return self.content.decode(self.encoding, "replace")

    def json(self) -> Any:
        """The body as JSON. Raises ValueError where it is none."""
        return json.loads(self.content)

    def close(self) -> None:
        """Nothing to do: all of it is here."""


class HttpSession:
    """What deep-translator calls on the module `requests`. It sets no limits itself and would wait for ever."""

    exceptions = requests.exceptions  # deep-translator names them

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._session = requests.Session()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_connections=CONNECTIONS, pool_maxsize=CONNECTIONS))

    def ask(self, method: str, url: str, *, take: Collection[int] = (), **request: Any) -> Reply:
        """One request (`params`, `data`, `json`, `headers` as `requests` has them).

        Raises TranslatorUnavailable or TranslationRefused.

        Of the statuses that are no success, those in `take` are an answer all the same.
        """
        began = time.monotonic()
        try:
            with self._session.request(
                method,
                url,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                stream=True,
                allow_redirects=method == "GET",  # a body is for the server it was meant for
                **request,
            ) as response:
                status, retry_after = response.status_code, response.headers.get("Retry-After", "")
                if not OK <= status < REDIRECTED and status not in take:
                    raise failure(self._provider, status, retry_after)
                body = whole(self._provider, iter(lambda: response.raw.read1(1 << 16, decode_content=True), b""), began)
                return Reply(status, body, response.encoding or "utf-8", retry_after)
        except requests.RequestException as error:
            raise TranslatorUnavailable(self._provider, type(error).__name__) from None


class PageSession(HttpSession):
    """For translators that are asked by address."""

    def get(self, url: str, params: Mapping[str, str], proxies: Mapping[str, str] | None = None) -> Reply:
        """As `requests.get`."""
        return self.ask("GET", url, params=dict(params), proxies=dict(proxies) if proxies else None)


def whole(provider: str, pieces: Iterable[bytes], began: float) -> bytes:
    """A body that comes in pieces, to a request of `began` (monotonic).

    Raises TranslatorUnavailable where it has no end."""
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > MOST_BYTES or time.monotonic() > began + WHOLE_SECONDS:
            raise TranslatorUnavailable(provider, "an answer without end")
    return bytes(body)


def failure(provider: str, status: int, retry_after: str = "") -> NoAnswer:
    """What a status other than success means."""
    why = f"status {status}"
    if status in _DENIED:
        return TranslationRefused(provider, why, max(DENIED_SECONDS, seconds(retry_after)))
    if status in _NOT_THIS:
        return TranslationRefused(provider, why)
    return TranslatorUnavailable(provider, why, seconds(retry_after))


def seconds(retry_after: str) -> float:
    """A Retry-After header (RFC 9110, 10.2.3: seconds or a date) as seconds from now; 0 where it says nothing."""
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        at = parsedate_to_datetime(retry_after)
    except ValueError:
        return 0.0
    return max(0.0, at.timestamp() - time.time())
