"""Speech client: one HTTP request to the speech tier for each clip, and which errors are worth a retry."""

import asyncio
import json
import logging
import math
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import httpx
from django.conf import settings

from meet.languages import SPOKEN

log = logging.getLogger(__name__)
VERDICTS = (httpx.codes.BAD_REQUEST, httpx.codes.REQUEST_ENTITY_TOO_LARGE, httpx.codes.UNPROCESSABLE_ENTITY)
REASONS = ("undecodable", "too_long", "unknown_language")  # the tier's words for what it will never make anything of
LINES = "application/x-ndjson"  # an answer that may come in two: a first text at once, and what the tier makes of it
LONGEST_SECONDS = 3600  # no recording that is heard is longer
NO_WORDS_MS = 2000  # speech of this length without any text is a gap; what is shorter is a cough or an "uh"
# a slow model with many clips before this one takes its time; whether anybody is there at all is asked elsewhere
TIMEOUT = httpx.Timeout(connect=3, read=1800, write=20, pool=None)


class SpeechTierUnavailable(Exception):
    """Nobody took the clip, or nobody answered. `reached`: somebody may have worked on it."""

    retryable = True

    def __init__(self, why: str, *, reached: bool) -> None:
        super().__init__(why)
        self.reached = reached


class ClipRejected(Exception):
    """Nothing can be done with this clip. `reason` is the one its row keeps."""

    retryable = False

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class TranscriptionRequest:
    """What is asked of one clip. `keep_*` in ms from its start, `deadline` in ms from now, `speaker` any name that is
    theirs alone: speakers take turns.

    No `language`: find out, among `languages` where there are some; `expected`: those of the speaker's last captions,
    newest last, as evidence where the sound leaves doubt.
    """

    clip: str
    extension: str
    language: str
    keep_from: int
    keep_to: int | None
    deadline: int
    languages: tuple[str, ...] = ()
    expected: tuple[str, ...] = ()
    speaker: str = ""
    english: bool = False  # the text in English as well, where the model translates


@dataclass(frozen=True)
class TranscriptionResult:
    """What was heard. `silent` says why there is no text; `suppressed` is text that was held back; `gaps`: speech that
    no words were found for, (start, end) in ms from the start of what was kept of the clip."""

    text: str
    language: str
    silent: str
    suppressed: str
    english: str = ""  # where it was asked for, is to be had, and the text is not English
    gaps: tuple[tuple[int, int], ...] = ()
    follows_first: bool = False  # its first text was told

    @property
    def is_gap(self) -> bool:
        """Whether somebody spoke, and no words came of it at all."""
        unheard = sum(end - start for start, end in self.gaps)
        return not self.text and not self.suppressed and unheard >= NO_WORDS_MS


First = Callable[[TranscriptionResult], Awaitable[None]]


@dataclass(frozen=True)
class Engine:
    """What the other side says of itself. `state` is `ready`, `loading` or `away`; `languages`: which of those that
    speakers may choose its model knows, none where it does not say; `translates`: whether it does, into English."""

    state: str
    model: str
    demo: bool
    languages: tuple[str, ...] = ()
    translates: bool = False


AWAY = Engine("away", "", demo=False)
_client: httpx.AsyncClient | None = None


def _http() -> httpx.AsyncClient:
    """One client a process: connections are kept alive."""
    global _client
    if _client is None:
        headers = {"Authorization": f"Bearer {settings.SPEECH_TOKEN}"} if settings.SPEECH_TOKEN else {}
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=16)
        wire = httpx.AsyncHTTPTransport(limits=limits, socket_options=_KEPT_ALIVE)
        _client = httpx.AsyncClient(base_url=settings.SPEECH_URL, headers=headers, timeout=TIMEOUT, transport=wire)
    return _client


def _kept_alive() -> list[tuple[int, int, int]]:
    """What has the system notice within a minute that a line we wait on is cut, or forgotten by something on the way;
    as far as it can be told how soon."""
    found = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    for name, seconds in (("TCP_KEEPIDLE", 20), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, name):
            found.append((socket.IPPROTO_TCP, getattr(socket, name), seconds))
    return found


_KEPT_ALIVE = _kept_alive()


async def engine() -> Engine:
    """What the other side says now; AWAY where it says nothing within 3 s."""
    try:
        answer = await asyncio.wait_for(_http().get("/health"), 3)
        body = answer.json()
    except (httpx.HTTPError, ValueError, TimeoutError):
        return AWAY
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        log.error("the speech tier at %s refuses our SPEECH_TOKEN", settings.SPEECH_URL)
    if not isinstance(body, dict) or answer.status_code == httpx.codes.UNAUTHORIZED:
        return AWAY
    if answer.status_code != httpx.codes.OK and body.get("status") != "loading":
        return AWAY  # it says that it has failed, or is something else than a speech tier
    state = "ready" if answer.status_code == httpx.codes.OK else "loading"
    known = body.get("languages")
    languages = tuple(code for code in SPOKEN if code and code in known) if isinstance(known, list) else ()
    return Engine(
        state,
        str(body.get("model", "")),
        demo=bool(body.get("demo", False)),
        languages=languages,
        translates=body.get("translates") is True,
    )


async def transcribe(sound: bytes, wanted: TranscriptionRequest, first: First) -> TranscriptionResult:
    """The words of one clip. `first` is told a text that the tier doubts, or that leaves speech out: what comes of
    hearing it again is the answer. Raises SpeechTierUnavailable, ClipRejected, and what `first` raises."""
    query: dict[str, str | int] = {
        "clip": wanted.clip,
        "ext": wanted.extension,
        "language": wanted.language,
        "languages": ",".join(wanted.languages),
        "expected": ",".join(wanted.expected),
        "keep_from": wanted.keep_from,
        "keep_to": "" if wanted.keep_to is None else wanted.keep_to,
        "priority": "final",
        "deadline": wanted.deadline,
        "speaker": wanted.speaker,
        "english": "true" if wanted.english else "",
    }
    return await _transcribed(sound, query, first)


async def translate(sound: bytes, *, clip: str, language: str) -> str:
    """The English of a clip that was heard before, in FLAC; empty where the model makes none of it. It takes its turn
    after everything that somebody waits for now. Raises SpeechTierUnavailable, ClipRejected."""
    query: dict[str, str | int] = {
        "clip": clip,
        "ext": "flac",
        "language": language,
        "task": "translate",
        "timestamps": "true",  # small models repeat themselves less with them
        "priority": "file",
    }
    return (await _transcribed(sound, query)).text


async def _transcribed(sound: bytes, query: dict[str, str | int], first: First | None = None) -> TranscriptionResult:
    asked = _http().stream(
        "POST",
        "/transcribe/binary",
        params={key: value for key, value in query.items() if value != ""},
        content=sound,
        headers={"Accept": f"{LINES}, application/json"} if first else {},
    )
    try:
        async with asked as answer:
            if first and answer.headers.get("content-type", "").startswith(LINES):
                return await _last(answer, first)
            return _heard(answer, _object(await answer.aread()))
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise SpeechTierUnavailable(type(error).__name__, reached=False) from error
    except httpx.HTTPError as error:
        raise SpeechTierUnavailable(type(error).__name__, reached=True) from error


async def _last(answer: httpx.Response, first: First) -> TranscriptionResult:
    """What the last line says; one before it that is marked as the first text is told."""
    told, last = False, dict[str, Any]()
    async for line in _lines(answer):
        last = _object(line)
        if last.get("first") and last.get("success"):
            await first(_heard(answer, last))
            told = True
    if last.get("first"):
        raise SpeechTierUnavailable("broken off after the first text", reached=True)
    return replace(_heard(answer, last), follows_first=told)


async def _lines(answer: httpx.Response) -> AsyncIterator[bytes]:
    """An answer's lines. They end at line feeds alone: httpx' own end at other signs too, which a text may hold."""
    rest = b""
    async for piece in answer.aiter_bytes():
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line
    if rest:
        yield rest


def _object(text: bytes) -> dict[str, Any]:
    """What is said in JSON; empty where it is none of ours."""
    try:
        body = json.loads(text)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _sound(value: Any) -> str:
    """A text that every database takes: no NUL, no half of a surrogate pair."""
    return str(value or "").replace("\0", "").encode(errors="ignore").decode()


def _gaps(value: Any) -> tuple[tuple[int, int], ...]:
    """The gaps of an answer, seconds there and ms here. Another tier may not know the field, or mean something else."""
    listed = value if isinstance(value, list) else []
    found: list[tuple[Any, Any]] = [(one.get("start"), one.get("end")) for one in listed if isinstance(one, dict)]
    times = [(start, end) for start, end in found if _is_time(start) and _is_time(end) and start < end]
    return tuple((round(1000 * start), round(1000 * end)) for start, end in times)


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and 0 <= value < LONGEST_SECONDS


def _heard(answer: httpx.Response, body: dict[str, Any]) -> TranscriptionResult:
    if answer.status_code == httpx.codes.OK and body.get("success"):
        held_back = body.get("suppressed") or {}
        return TranscriptionResult(
            text=_sound(body.get("text")).strip(),
            language=_sound(body.get("language"))[:20],
            gaps=_gaps(body.get("gaps")),
            silent=_sound(held_back.get("reason") or body.get("silent"))[:200],
            suppressed=_sound(held_back.get("text")),
            english=_sound(body.get("english")).strip(),
        )
    failed_late = answer.status_code == httpx.codes.OK and body.get("success") is False  # the status was told before
    if (failed_late or answer.status_code in VERDICTS) and body.get("retryable") is False:
        reason = str(body.get("reason", ""))
        raise ClipRejected(reason if reason in REASONS else "not_revised" if failed_late else "undecodable")
    # only the tier's own word is a verdict on the clip: a proxy's 404 during a deploy is none
    broke = answer.is_server_error and answer.status_code != httpx.codes.SERVICE_UNAVAILABLE
    worked_on = failed_late or broke
    raise SpeechTierUnavailable(f"status {answer.status_code}", reached=worked_on)
