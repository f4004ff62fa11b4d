"""A browser's socket, and what it says of a clip."""

import asyncio
import json
import time
import uuid

from channels.testing import WebsocketCommunicator

from meet.events import HEADER, VERSION
from meeting.asgi import application

PATIENCE = 30  # seconds; Channels' own gives a busy machine one
CLIP = uuid.UUID("0d4f7d0e-5d0c-4b8e-9f3a-0a1b2c3d4e5f")


class Socket:
    """A browser's socket."""

    def __init__(self, slug, session_key, origin="http://testserver", host="testserver"):
        headers = [(b"host", host.encode()), (b"cookie", f"sessionid={session_key}".encode())]
        if origin:
            headers.append((b"origin", origin.encode()))
        self._communicator = WebsocketCommunicator(application, f"/ws/rooms/{slug}/", headers)

    async def open(self):
        connected, _protocol = await self._communicator.connect(PATIENCE)
        assert connected
        return self

    async def say(self, kind, **fields):
        await self._communicator.send_to(text_data=json.dumps({"type": kind, **fields}))

    async def send(self, frame):
        await self._communicator.send_to(bytes_data=frame)

    async def send_as_it_is(self, message):
        """A text or binary message of any kind, an empty one too."""
        kind = "text" if isinstance(message, str) else "bytes"
        await self._communicator.send_input({"type": "websocket.receive", kind: message})

    async def event(self, *kinds, seconds=PATIENCE):
        """The next event of one of these kinds."""
        async with asyncio.timeout(seconds):
            while True:
                event = json.loads(await self._communicator.receive_from(seconds))
                if not kinds or event["type"] in kinds:
                    return event

    async def closed(self):
        """The code the socket was closed with."""
        while True:
            output = await self._communicator.receive_output(PATIENCE)
            if output["type"] == "websocket.close":
                return output["code"]

    async def stays_silent(self):
        """Whether nothing more comes, for a moment."""
        return await self._communicator.receive_nothing(0.2)

    async def ended(self):
        """Until the consumer has ended by itself. Raises what it raised."""
        async with asyncio.timeout(PATIENCE):
            await self._communicator.future

    async def close(self):
        await self._communicator.disconnect(timeout=PATIENCE)


def clip_start(**changed):
    now = time.time() * 1000
    return {
        "clip": str(CLIP),
        "number": 0,
        "started_at": now,
        "keep_from": 0,
        "mime": "audio/webm;codecs=opus",
        "language": "zh",
        **changed,
    }


def frame(number, data=b"opus", clip=CLIP):
    return HEADER.pack(VERSION, clip.bytes, number) + data
