"""WebSocket consumer of a room: parses frames, passes them on in order, replies."""

import asyncio
import logging
import time
from typing import Any

from channels.consumer import get_handler_name
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import DatabaseError

from meet import broadcast
from meet.clips import clips
from meet.events import BadEvent, Chunk, encode, parse, parse_frame
from meet.rooms import rooms
from meet.socket import flood_limit
from meet.socket.connection import RoomConnection
from meet.socket.flood_limit import FloodDetected
from meet.socket.origin import same_origin
from meet.socket.receive_queue import ReceiveQueue

log = logging.getLogger(__name__)
INBOX_BYTES = 1024 * 1024
REFUSED, TOO_MUCH, FAILED = 4403, 4413, 4500  # close codes
GRACE_SECONDS = 10  # for what the other tabs of somebody who left still have to send
FAREWELL_SECONDS = 8  # Channels cancels a consumer 10 s after its socket closed


class RoomConsumer(AsyncWebsocketConsumer):
    """One browser in one room."""

    channel_layer_alias = broadcast.NO_LAYER

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Channels' own closes old database connections through one shared thread at every message; see orm_pool."""
        await getattr(self, get_handler_name(message))(message)

    async def connect(self) -> None:
        """Let the participant of the browser's session in, and tell it where things stand."""
        slug = self.scope["url_route"]["kwargs"]["slug"]
        session_key = self.scope["cookies"].get(settings.SESSION_COOKIE_NAME)
        participant = await rooms.enter(slug, session_key) if same_origin(self.scope) else None
        await self.accept()  # first: a socket refused before it opens cannot tell a browser why
        self.inside = participant is not None
        if participant is None:
            await self.send(encode("error", code="not_joined", message="Join the room first."))
            await self.close(REFUSED)
            return
        self.seat = RoomConnection(participant.pk, participant.room_id, self.send)
        self.inbox = ReceiveQueue(INBOX_BYTES)
        self.flooded = False
        self.going: asyncio.Task[None] | None = None
        self.early: list[str] | None = []  # what happens while the browser is told where things stand
        try:
            await broadcast.enter(self.seat.room_id, self.seat.id, self.deliver)
            await self.seat.enter()
            while self.early:
                await self._hear(self.early.pop(0))
            self.early = None
        except BaseException:
            await self._leave()  # a set-up that fails midway is undone here: nothing else unregisters the connection
            raise
        self.worker = asyncio.create_task(self._work())

    async def disconnect(self, code: int) -> None:
        """What was queued is still written; then the person is gone."""
        if not self.inside:
            return
        self.inbox.close()
        await asyncio.wait([self.worker], timeout=FAREWELL_SECONDS)
        await self._leave()
        if self.going is not None:
            self.going.cancel()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Queue what came. Daphne queues without bound and knows no back-pressure, so a flood ends here."""
        if not self.inside or self.flooded:
            return
        message = (bytes_data or b"") if text_data is None else text_data
        try:
            flood_limit.count_received(self.seat.me, flood_limit.cost(message), time.monotonic())
            self.inbox.put(message)
        except FloodDetected as flood:
            await self._end_flood(flood)

    async def deliver(self, event: str) -> None:
        """An event of the room, from whichever process."""
        if self.early is not None:
            self.early.append(event)
            return
        await self._hear(event)

    async def _hear(self, event: str) -> None:
        await self.seat.hear(event)
        if self.seat.left and self.going is None:
            self.going = asyncio.create_task(self._go())

    async def _go(self) -> None:
        """Who left in one tab left in all; what the others have not sent yet still comes in."""
        await asyncio.sleep(GRACE_SECONDS)
        await self.close(REFUSED)

    async def _leave(self) -> None:
        await broadcast.leave(self.seat.room_id, self.seat.id)
        await self.seat.leave()

    async def _work(self) -> None:
        """Work the inbox off in order. A fault of ours closes the socket: the browser comes back and sends again."""
        try:
            while (message := await self.inbox.take()) is not None:
                await (self._take_text(message) if isinstance(message, str) else self._take_frames(message))
        except FloodDetected as flood:
            await self._end_flood(flood)
        except Exception as error:
            log.exception("a socket of participant %s failed", self.seat.me)
            code = "storage" if isinstance(error, OSError | DatabaseError) else "internal"
            await self._refuse(BadEvent(code, "Something failed here. What you said is kept and sent again."))
            await self.close(FAILED)

    async def _take_frames(self, frames: list[bytes]) -> None:
        chunks: list[Chunk] = []
        useless = 0
        for frame in frames:
            try:
                chunk = self.seat.uplink.checked(parse_frame(frame))
            except BadEvent as bad:
                useless += flood_limit.cost(frame)
                await self._refuse(bad)
            except clips.ClipRefused as refused:
                useless += flood_limit.cost(frame)
                await self._refuse_clip(refused)
            else:
                useless += flood_limit.cost(frame) if self.seat.uplink.holds(chunk) else 0
                chunks.append(chunk)
        await self.seat.take_chunks(chunks)  # before a flood ends the connection: what is good of it is kept
        self._count_useless(useless)

    async def _take_text(self, text: str) -> None:
        try:
            event = parse(text)
        except BadEvent as bad:
            await self._refuse(bad)
            self._count_useless(flood_limit.cost(text))
            return
        try:
            await self.seat.take(event)
        except BadEvent as bad:
            await self._refuse(bad)
        except clips.ClipRefused as refused:
            await self._refuse_clip(refused)

    def _count_useless(self, size: int) -> None:
        if size:
            flood_limit.count_useless(self.seat.me, size, time.monotonic())

    async def _end_flood(self, flood: FloodDetected) -> None:
        """Close the connection, once. What comes in before it is closed is thrown away, not even counted."""
        if self.flooded:
            return
        self.flooded = True
        log.warning("a socket of participant %s was closed: %s", self.seat.me, flood)
        await self._refuse(BadEvent("too_much", str(flood), limit=flood.limit))
        await self.close(TOO_MUCH)

    async def _refuse_clip(self, refused: clips.ClipRefused) -> None:
        await self.send(encode("clip_refused", clip=str(refused.clip), code=refused.code, message=str(refused)))

    async def _refuse(self, bad: BadEvent) -> None:
        await self.send(encode("error", code=bad.code, message=str(bad), **bad.details))
