"""One simulated participant: joins by HTTP, speaks and listens through a real WebSocket."""

import asyncio
import contextlib
import json
import re
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from meet.events import HEADER, VERSION
from meet.simulation.speech_clips import SpokenClip, recorded

Event = dict[str, Any]


class JoinFailed(RuntimeError):
    """The server would not let the person in; the message says why."""

    retryable = False


class Person:
    """Somebody in a room. `heard` is called with every event and the moment it came (time.monotonic())."""

    def __init__(self, url: str, name: str, heard: Callable[["Person", Event, float], None]) -> None:
        self._url = url.rstrip("/")
        self.name = name
        self._heard = heard
        self._http = httpx.AsyncClient(base_url=self._url, follow_redirects=True, timeout=20)
        self._acknowledged: dict[str, asyncio.Event] = {}
        self._number = 0
        self._socket: ClientConnection | None = None
        self._listener: asyncio.Task[None] | None = None

    async def make_room(self, name: str) -> str:
        """A new room of this name; its slug. Raises JoinFailed."""
        answer = await self._post("/", {"name": name})
        found = re.search(r"/rooms/([^/]+)/", str(answer.url.path))
        if not found:
            raise JoinFailed(f"no room was made (status {answer.status_code})")
        return found[1]

    async def finds(self, slug: str) -> bool:
        """Whether there is a room at this address."""
        return (await self._http.get(f"/rooms/{slug}/")).status_code == httpx.codes.OK

    async def join(self, slug: str) -> None:
        """Enter the room and open its socket. Raises JoinFailed."""
        answer = await self._post(f"/rooms/{slug}/join/", {"name": self.name}, page=f"/rooms/{slug}/")
        if answer.status_code != httpx.codes.OK:
            raise JoinFailed(f"room {slug} answered {answer.status_code}")
        address = self._url.replace("http", "ws", 1) + f"/ws/rooms/{slug}/"
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._http.cookies.jar)
        self._socket = await connect(address, additional_headers={"Cookie": cookies}, origin=self._origin())
        self._listener = asyncio.create_task(self._listen(self._socket))

    async def speak(self, clips: Sequence[SpokenClip], chunk: float) -> dict[str, float]:
        """Say the clips at their times; per clip id the moment its speech ended (time.monotonic())."""
        began, ended = time.monotonic(), {}
        for clip in clips:
            clip_id = uuid.uuid4()
            await self._say(clip_id, clip, began, chunk)
            ended[str(clip_id)] = began + clip.speech_end
        return ended

    async def acknowledged(self, seconds: float) -> bool:
        """Whether everything said was taken over by the server within `seconds`."""
        waits = [asyncio.create_task(event.wait()) for event in self._acknowledged.values()]
        _done, pending = await asyncio.wait(waits, timeout=seconds) if waits else ((), ())
        return not pending

    async def leave(self) -> None:
        """Close the socket."""
        if self._socket is not None and self._listener is not None:
            await self._socket.close()
            await self._listener
        await self._http.aclose()

    def _origin(self) -> Any:
        return self._url

    async def _post(self, path: str, form: dict[str, str], page: str | None = None) -> httpx.Response:
        shown = await self._http.get(page or path)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', shown.text)
        if shown.status_code != httpx.codes.OK or token is None:
            raise JoinFailed(f"{page or path} answered {shown.status_code}")
        return await self._http.post(
            path, data={**form, "csrfmiddlewaretoken": token[1]}, headers={"Referer": self._url}
        )

    async def _say(self, clip_id: uuid.UUID, clip: SpokenClip, began: float, chunk: float) -> None:
        socket = self._open_socket()
        pieces = await asyncio.to_thread(recorded, clip.audio, chunk)
        await _at(began + clip.start)
        self._acknowledged[str(clip_id)] = asyncio.Event()
        started_at = (time.time() - time.monotonic() + began + clip.start) * 1000
        await socket.send(_clip_start(clip_id, self._number, started_at))
        self._number += 1
        for number, piece in enumerate(pieces):
            await _at(began + clip.start + (number + 1) * chunk)
            await socket.send(HEADER.pack(VERSION, clip_id.bytes, number) + piece)
        await _at(began + clip.over)
        await socket.send(_clip_end(clip_id, len(pieces), clip.reason))

    def _open_socket(self) -> ClientConnection:
        if self._socket is None:
            raise JoinFailed(f"{self.name} has not joined")
        return self._socket

    async def _listen(self, socket: ClientConnection) -> None:
        async for frame in socket:
            event = json.loads(frame)
            if event["type"] == "welcome":
                self._number = event["next_number"]
            elif event["type"] == "clip_ack" and event["clip"] in self._acknowledged:
                self._acknowledged[event["clip"]].set()
            self._heard(self, event, time.monotonic())
            if "seq" in event:
                with contextlib.suppress(ConnectionClosed):  # who leaves at that moment need not say it any more
                    await socket.send(json.dumps({"type": "seen", "seq": event["seq"]}))


async def _at(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - time.monotonic()))


def _clip_start(clip_id: uuid.UUID, number: int, started_at: float) -> str:
    mime = "audio/webm;codecs=opus"
    fields = {"clip": str(clip_id), "number": number, "started_at": started_at, "keep_from": 0}
    return json.dumps({"type": "clip_start", **fields, "mime": mime, "language": ""})


def _clip_end(clip_id: uuid.UUID, chunks: int, reason: str) -> str:
    return json.dumps({"type": "clip_end", "clip": str(clip_id), "chunks": chunks, "keep_to": None, "reason": reason})
