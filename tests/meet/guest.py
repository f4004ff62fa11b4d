"""Somebody who comes in by the front door and then sends whatever they like."""

import asyncio
import contextlib
import json
import re
import time
import uuid
from collections.abc import AsyncIterator

from websockets.exceptions import ConnectionClosed

from meet.events import HEADER, VERSION
from meet.simulation.person import Event, Person
from tests.pace import slowness


class Guest(Person):
    """A participant through real HTTP and a real WebSocket, who keeps every event they are sent."""

    def __init__(self, url: str, name: str) -> None:
        super().__init__(url, name, lambda _me, event, _at: self._note(event))
        self.heard: list[Event] = []
        self._unread: asyncio.Queue[Event] = asyncio.Queue()

    @property
    def socket(self):
        """The open WebSocket."""
        return self._open_socket()

    async def say(self, kind: str, **fields: object) -> None:
        """Send an event."""
        await self.socket.send(json.dumps({"type": kind, **fields}))

    async def start(self, clip: uuid.UUID, **changed: object) -> None:
        """Open a clip as a browser does, but for what is changed."""
        usual = {"number": 0, "started_at": time.time() * 1000, "keep_from": 0, "mime": "audio/webm;codecs=opus"}
        await self.say("clip_start", clip=str(clip), **{**usual, "language": "", **changed})

    async def chunk(self, clip: uuid.UUID, number: int, data: bytes) -> None:
        """Send one chunk."""
        await self.socket.send(HEADER.pack(VERSION, clip.bytes, number) + data)

    async def end(self, clip: uuid.UUID, chunks: int, keep_to: int | None = None) -> None:
        """Say that the clip is over."""
        await self.say("clip_end", clip=str(clip), chunks=chunks, keep_to=keep_to, reason="silence")

    async def record(self, clip: uuid.UUID, *chunks: bytes, **changed: object) -> None:
        """A whole clip, one chunk in flight."""
        await self.start(clip, **changed)
        for number, data in enumerate(chunks):
            await self.chunk(clip, number, data)
            await self.hears("chunk_ack", clip=str(clip))
        await self.end(clip, len(chunks))

    async def hears(self, *kinds: str, seconds: float = 30, **fields: object) -> Event:
        """The next event of one of these kinds with these fields."""
        async with asyncio.timeout(seconds):
            while True:
                event = await self._unread.get()
                if event["type"] in kinds and all(event.get(name) == value for name, value in fields.items()):
                    return event

    async def closed(self, seconds: float = 60) -> int | None:
        """The code that the server closes the socket with, once all it sent before that is heard."""
        assert self._listener is not None
        async with asyncio.timeout(seconds):
            with contextlib.suppress(ConnectionClosed):
                await self._listener
        return self.socket.close_code

    async def answers(self) -> float:
        """Seconds until the server answers a ping."""
        asked = time.monotonic()
        await self.say("ping", sent_at=asked)
        await self.hears("pong", sent_at=asked)
        return time.monotonic() - asked

    async def is_answered_without_delay(self) -> bool:
        """Whether a ping comes back within 5 s, or as much later as a machine takes on which others work too."""
        took = await self.answers()
        return took < 5 or took < 5 * await asyncio.to_thread(slowness)

    def errors(self) -> list[str]:
        """The codes of the errors that were answered."""
        return [event["code"] for event in self.heard if event["type"] == "error"]

    def _note(self, event: Event) -> None:
        self.heard.append(event)
        self._unread.put_nowait(event)

    async def tries_to_join(self, slug: str, name: str) -> tuple[int, str]:
        """What the way in says to a name: status and words."""
        answer = await self._post(f"/rooms/{slug}/join/", {"name": name}, page=f"/rooms/{slug}/")
        return answer.status_code, re.sub(r"<[^>]+>", " ", answer.text)


@contextlib.asynccontextmanager
async def joined(url: str, slug: str, name: str) -> AsyncIterator[Guest]:
    """Somebody who is in the room until the end of the block."""
    guest = Guest(url, name)
    await guest.join(slug)
    try:
        yield guest
    finally:
        with contextlib.suppress(ConnectionClosed):  # by the server, as some tests want it
            await guest.leave()
