"""The socket of a room: parse, call, reply. What comes in is queued by bytes and worked off in order."""

import asyncio
import logging
import time
import uuid
from typing import Any

from channels.consumer import get_handler_name
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import DatabaseError

from meet import broadcast, clips, meetings, messages, pipeline, presence, rooms, roster, snapshot, status
from meet.events import (
    IN_FLIGHT_BYTES,
    MESSAGE_BYTES,
    BadEvent,
    ChatMessage,
    Chunk,
    ClientEvent,
    ClipEnd,
    ClipStart,
    EndMeeting,
    Ping,
    Seen,
    SnapshotRequest,
    encode,
    is_durable,
    parse,
    parse_frame,
)
from meet.inbox import Inbox, Overflow
from meet.origin import same_origin
from meet.parts import ranges
from meet.uplink import Uplink

log = logging.getLogger(__name__)
INBOX_BYTES = 1024 * 1024
REFUSED, TOO_MUCH, FAILED = 4403, 4413, 4500  # close codes
MOST_UNSEEN = 64  # durable events a viewer may be behind; then it gets none till it can have a snapshot
FAREWELL_SECONDS = 8  # Channels cancels a consumer 10 s after its socket closed


class RoomConsumer(AsyncWebsocketConsumer):
    """One browser in one room."""

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
        self.me, self.room_id, self.id = participant.pk, participant.room_id, uuid.uuid4()
        self.uplink = Uplink(self.me)
        self.inbox = Inbox(INBOX_BYTES)
        self.unseen: int | None = None  # counted once the browser has said that it counts
        try:
            await broadcast.enter(self.room_id, self.id, self.channel_name, self.send)
            await presence.enter(self.id, self.me)
            await self._welcome(participant.is_host)
        except BaseException:
            await self._leave()  # half in is in for ever: nobody would take it out again
            raise
        self.worker = asyncio.create_task(self._work())
        roster.changed(self.room_id)

    async def disconnect(self, code: int) -> None:
        """What was queued is still written; then the person is gone."""
        if not self.inside:
            return
        self.inbox.close()
        await asyncio.wait([self.worker], timeout=FAREWELL_SECONDS)
        await self._leave()
        await self._announce_speaking(False)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Queue what came. Daphne queues without bound and knows no back-pressure, so a flood ends here."""
        if not self.inside:
            return
        try:
            self.inbox.put((bytes_data or b"") if text_data is None else text_data)
        except Overflow:
            await self._refuse(BadEvent("too_much", f"More than {INBOX_BYTES} bytes wait.", limit=INBOX_BYTES))
            await self.close(TOO_MUCH)

    async def deliver(self, message: dict[str, str]) -> None:
        """An event of the room, from whichever process. Daphne never says that a browser is slow; the browser does."""
        if is_durable(message["event"]) and self.unseen is not None:
            self.unseen += 1
            if self.unseen > MOST_UNSEEN:
                return
        await self.send(message["event"])

    async def _welcome(self, host: bool) -> None:
        await self.send(
            encode(
                "welcome",
                you=str(self.me),
                host=host,
                next_number=await clips.next_number(self.me),
                limits={"message_bytes": MESSAGE_BYTES, "in_flight_bytes": IN_FLIGHT_BYTES},
                languages=settings.TRANSLATE_TO,
            )
        )
        await self.send(await snapshot.of_room(self.room_id))
        await self.send(status.event())
        await self.send(await roster.event(self.room_id))

    async def _leave(self) -> None:
        await broadcast.leave(self.room_id, self.id, self.channel_name)
        await presence.leave(self.id)
        roster.changed(self.room_id)

    async def _work(self) -> None:
        """Work the inbox off in order. A fault of ours closes the socket: the browser comes back and sends again."""
        try:
            while (message := await self.inbox.take()) is not None:
                await (self._take_text(message) if isinstance(message, str) else self._take_frames(message))
        except Exception as error:
            log.exception("a socket of participant %s failed", self.me)
            code = "storage" if isinstance(error, OSError | DatabaseError) else "internal"
            await self._refuse(BadEvent(code, "Something failed here. What you said is kept and sent again."))
            await self.close(FAILED)

    async def _take_frames(self, frames: list[bytes]) -> None:
        chunks: list[Chunk] = []
        for frame in frames:
            try:
                chunks.append(self.uplink.checked(parse_frame(frame)))
            except BadEvent as bad:
                await self._refuse(bad)
            except clips.Refused as refused:
                await self._refuse_clip(refused)
        for clip, numbers in (await self.uplink.chunks(chunks)).items():
            await self.send(encode("chunk_ack", clip=str(clip), numbers=numbers))
            await self._end_if_whole(clip)

    async def _take_text(self, text: str) -> None:
        try:
            await self._take(parse(text))
        except BadEvent as bad:
            await self._refuse(bad)
        except clips.Refused as refused:
            await self.send(encode("clip_refused", clip=str(refused.clip), code=refused.code, message=str(refused)))

    async def _take(self, event: ClientEvent) -> None:
        match event:
            case ClipStart():
                held = await self.uplink.start(event)
                await self.send(encode("held", clip=str(event.clip), ranges=ranges(held)))
                await self._announce_speaking(True)
            case ClipEnd():
                await self.uplink.end(event)
                await self._announce_speaking(False)
                await self._end_if_whole(event.clip)
            case ChatMessage():
                await self._chat(event)
            case Seen():
                await self._seen()
            case SnapshotRequest():
                await self.send(await snapshot.of_room(self.room_id))
            case EndMeeting():
                await self._end_meeting()
            case Ping():
                await self.send(encode("pong", sent_at=event.sent_at, server_at=time.time() * 1000))

    async def _end_if_whole(self, clip: uuid.UUID) -> None:
        if await self.uplink.whole(clip):
            await self.send(encode("clip_ack", clip=str(clip)))
            pipeline.nudge(clip)

    async def _chat(self, event: ChatMessage) -> None:
        line = await messages.post(event.id, self.me, event.text)
        if line is not None:
            await broadcast.send(self.room_id, encode("message", **line))

    async def _end_meeting(self) -> None:
        if not await rooms.hosts(self.me):
            raise BadEvent("not_host", "Only the host ends the meeting.")
        if await meetings.end(self.room_id):
            await broadcast.send(self.room_id, encode("meeting_ended"))

    async def _announce_speaking(self, speaking: bool) -> None:
        await broadcast.send(self.room_id, encode("speaking", participant=str(self.me), speaking=speaking))

    async def _seen(self) -> None:
        was_behind = self.unseen is not None and self.unseen > MOST_UNSEEN
        self.unseen = 0
        if was_behind:
            await self.send(await snapshot.of_room(self.room_id))

    async def _refuse_clip(self, refused: clips.Refused) -> None:
        await self.send(encode("clip_refused", clip=str(refused.clip), code=refused.code, message=str(refused)))

    async def _refuse(self, bad: BadEvent) -> None:
        await self.send(encode("error", code=bad.code, message=str(bad), **bad.details))
