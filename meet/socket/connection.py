"""Connection of one open page: handles each event it sends, and sends its first state. Knows no WebSocket."""

import time
import uuid
from collections.abc import Awaitable, Callable

from django.conf import settings

from meet import broadcast, pipeline
from meet.clips import clips, duplicates
from meet.clips.part_files import ranges
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
    Leave,
    Ping,
    Rename,
    Seen,
    SetRoom,
    ShareStart,
    ShareStop,
    SnapshotRequest,
    Unfold,
    Withdraw,
    encode,
    is_durable,
)
from meet.recognition import engine_status
from meet.record import snapshot, withdrawal
from meet.rooms import chat, meetings, member_list, names, presence, room_settings, rooms, sound_sharing
from meet.rooms.active_speakers import SpeakingIndicators
from meet.socket import rate_limit
from meet.socket.joining import JoinSnapshot, arrive
from meet.socket.uplink import Uplink

_messages = rate_limit.RateLimiter(rate_limit.MESSAGES)
_names = rate_limit.RateLimiter(rate_limit.NAMES)
MOST_UNSEEN = 64  # durable events a viewer may be behind; then it gets none till it can have a snapshot
Send = Callable[[str], Awaitable[None]]


class RoomConnection:
    """Takes the events of one participant's connection in their order, and answers by `send`."""

    def __init__(self, participant: uuid.UUID, room_id: int, send: Send) -> None:
        self.me, self.room_id, self.id = participant, room_id, uuid.uuid4()
        self.send = send
        self.uplink = Uplink(self.me)
        self.voices = SpeakingIndicators(self.id)
        self._farewell = encode("left", participant=str(self.me))  # once: every event is compared with it
        self.left = False  # they went, here or in another tab
        self.shared: uuid.UUID | None = None  # who speaks for the sound that is shared here
        self.unseen: int | None = None  # counted once the browser has said that it counts

    async def enter(self) -> None:
        """Register the connection: the room is told, and the page gets its first state."""
        arrival = await arrive(self.id, self.me)
        await self._welcome(arrival)
        if arrival.renamed is not None:
            await broadcast.send(self.room_id, encode("renamed", **arrival.renamed.fields()))
        member_list.changed(self.room_id)

    async def leave(self) -> None:
        """Unregister the connection; clear its speaking indicators, unless the person speaks on another one."""
        await presence.leave(self.id)
        member_list.changed(self.room_id)
        for speaker, speaking in (await self.voices.close()).items():
            await self._announce_speaking(speaker, speaking)

    async def hear(self, event: str) -> None:
        """Send an event of the room to the page. Daphne reports no slow reader, so the page acknowledges (`seen`)."""
        if is_durable(event) and self.unseen is not None:
            self.unseen += 1
            if self.unseen > MOST_UNSEEN:
                return
        self.left = self.left or event == self._farewell
        await self.send(event)

    async def take(self, event: ClientEvent) -> None:
        """Handle an event from the page. Raises BadEvent, ClipRefused."""
        match event:
            case ClipStart():
                held = await self.uplink.start(event)
                await self.send(encode("held", clip=str(event.clip), ranges=ranges(held)))
                speaker = self.uplink.speaker(event.clip)
                speaking = await self.voices.begin(event.clip, speaker, event.started_at + event.keep_from)
                await self._announce_speaking(speaker, speaking)
            case ClipEnd():
                await self.uplink.end(event)
                speaker = self.uplink.speaker(event.clip)
                await self._announce_speaking(speaker, await self.voices.end(event.clip, speaker))
                await self._end_if_whole(event.clip)
                await self._refuse_clips()
            case ChatMessage():
                await self._chat(event)
            case Seen():
                await self._seen()
            case Withdraw():
                await withdrawal.withdraw(event.clip, self.me)
            case Unfold():
                await self._unfold(event.clip)
            case SnapshotRequest():
                await self.send(await snapshot.of_room(self.room_id))
            case EndMeeting():
                await self._end_meeting()
            case SetRoom():
                await broadcast.send(self.room_id, await room_settings.change(self.me, event))
            case Rename():
                await self._rename(event.name)
            case Leave():
                await self._go()
            case ShareStart():
                await self._share(event.language)
            case ShareStop():
                await self._share_no_more()
            case Ping():
                await self.send(encode("pong", sent_at=event.sent_at, server_at=time.time() * 1000))

    async def take_chunks(self, chunks: list[Chunk]) -> None:
        """Store chunks that were checked already. Raises OSError."""
        for clip, numbers in (await self.uplink.chunks(chunks)).items():
            await self.send(encode("chunk_ack", clip=str(clip), numbers=numbers))
            await self._end_if_whole(clip)
        await self._refuse_clips()

    async def _welcome(self, arrival: JoinSnapshot) -> None:
        await self.send(
            encode(
                "welcome",
                you=str(self.me),
                host=arrival.me.host,
                next_number=arrival.next_number,
                limits={"message_bytes": MESSAGE_BYTES, "in_flight_bytes": IN_FLIGHT_BYTES},
                languages=settings.TRANSLATE_TO,
            )
        )
        await self.send(arrival.snapshot)
        await self.send(engine_status.event())
        await self.send(arrival.holds)
        await self.send(await member_list.welcome(self.room_id, arrival.me))
        await self.send(encode("speakers", participants=arrival.speaking))

    async def _end_if_whole(self, clip: uuid.UUID) -> None:
        if await self.uplink.whole(clip):
            await self.send(encode("clip_ack", clip=str(clip)))
            pipeline.nudge(clip, self.me)

    async def _refuse_clips(self) -> None:
        for refused in self.uplink.refused():
            await self.send(encode("clip_refused", clip=str(refused.clip), code=refused.code, message=str(refused)))

    async def _unfold(self, clip: uuid.UUID) -> None:
        for event in await duplicates.unfold(clip, self.me):
            await broadcast.send(self.room_id, event)

    async def _chat(self, event: ChatMessage) -> None:
        if wait := _messages.spend(self.me, time.monotonic()):
            raise BadEvent(
                "too_many_messages", "More messages than fit into this time.", retry_after=wait, id=str(event.id)
            )
        line = await chat.post(event.id, self.me, event.text)
        if line is not None:
            await broadcast.send(self.room_id, encode("message", **line))

    async def _end_meeting(self) -> None:
        if not await rooms.hosts(self.me):
            raise BadEvent("not_host", "Only the host can do this.")
        if await meetings.end(self.room_id):
            await broadcast.send(self.room_id, encode("meeting_ended"))

    async def _rename(self, wanted: str) -> None:
        if wait := _names.spend(self.me, time.monotonic()):
            raise BadEvent("too_many_names", "More names than fit into this time.", retry_after=wait)
        try:
            renamed = await names.rename(self.me, rooms.clean_name(wanted, rooms.NAME_LENGTH))
        except rooms.BadName as bad:
            raise BadEvent("bad_name", str(bad), limit=rooms.NAME_LENGTH) from None
        await broadcast.send(self.room_id, encode("renamed", **renamed.fields()))
        member_list.changed(self.room_id)

    async def _go(self) -> None:
        await rooms.leave(self.me)
        await broadcast.send(self.room_id, encode("left", participant=str(self.me)))
        member_list.changed(self.room_id)

    async def _share(self, language: str) -> None:
        self.shared = await sound_sharing.begin(self.id, self.me, language)
        number = await clips.next_number(self.shared)
        await self.send(encode("sharing", participant=str(self.shared), next_number=number))
        member_list.changed(self.room_id)

    async def _share_no_more(self) -> None:
        await sound_sharing.end(self.id)
        member_list.changed(self.room_id)

    async def _announce_speaking(self, who: uuid.UUID, speaking: bool) -> None:
        await broadcast.send(self.room_id, encode("speaking", participant=str(who), speaking=speaking))

    async def _seen(self) -> None:
        was_behind = self.unseen is not None and self.unseen > MOST_UNSEEN
        self.unseen = 0
        if was_behind:
            await self.send(await snapshot.of_room(self.room_id))
