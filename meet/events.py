"""The vocabulary of the socket: what a browser may say, and the frames of audio.

`tests/fixtures/events.json` shows every event once.
"""

import json
import struct
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from meet.fields import BadEvent as BadEvent
from meet.fields import Fields

VERSION = 1
HEADER = struct.Struct("!B16sI")  # version, clip, chunk number
MESSAGE_BYTES = 64 * 1024
IN_FLIGHT_BYTES = 256 * 1024
TEXT_LENGTH = 2000
MOST_CHUNKS = 10_000  # a clip of 20 s has about 200
CLIP_BYTES = 4 * 1024 * 1024  # 20 s at 32 kbit/s are 80 KB; this is 20 s of anything a recorder makes
CLIP_END_REASONS = ("silence", "cut", "stop", "leave", "device")


@dataclass(frozen=True)
class Chunk:
    """A piece of a clip as the recorder gave it."""

    clip: uuid.UUID
    number: int
    data: bytes


@dataclass(frozen=True)
class ClipStart:
    """A clip begins, or is taken up again after a reconnect. Times in ms: `started_at` Unix, `keep_from` in it."""

    clip: uuid.UUID
    number: int
    started_at: float
    keep_from: int
    mime: str
    language: str
    speaker: uuid.UUID | None = None  # the sender's shared sound; None: the sender


@dataclass(frozen=True)
class ClipEnd:
    """A clip is over: how many chunks it has and where its kept speech ends (ms in the clip; None: at its end)."""

    clip: uuid.UUID
    chunks: int
    keep_to: int | None
    reason: str


@dataclass(frozen=True)
class ChatMessage:
    """A line of chat."""

    id: uuid.UUID
    text: str


@dataclass(frozen=True)
class Withdraw:
    """A speaker takes a line of their own back."""

    clip: uuid.UUID


@dataclass(frozen=True)
class Unfold:
    """A copy of a line, through another microphone, is to be a line of its own."""

    clip: uuid.UUID


@dataclass(frozen=True)
class SnapshotRequest:
    """The browser missed something and wants the newest state."""


@dataclass(frozen=True)
class Seen:
    """The newest durable event the browser has taken in: who falls far behind is helped by a snapshot."""

    seq: int


@dataclass(frozen=True)
class EndMeeting:
    """The host ends the meeting."""


@dataclass(frozen=True)
class SetRoom:
    """The host decides: the room's name, whether the lobby lists it, what may be spoken (nothing: every language)."""

    name: str
    listed: bool
    languages: tuple[str, ...]


@dataclass(frozen=True)
class Rename:
    """Somebody calls themselves something else."""

    name: str


@dataclass(frozen=True)
class Leave:
    """Somebody goes, in all their tabs."""


@dataclass(frozen=True)
class ShareStart:
    """The sender begins to share the sound of a tab or of their computer; `language` is their page's."""

    language: str


@dataclass(frozen=True)
class ShareStop:
    """The sender shares no sound any more."""


@dataclass(frozen=True)
class Ping:
    """A question for the time."""

    sent_at: float


ClientEvent = (
    ClipStart
    | ClipEnd
    | ChatMessage
    | Withdraw
    | Unfold
    | SnapshotRequest
    | Seen
    | EndMeeting
    | SetRoom
    | Rename
    | Leave
    | ShareStart
    | ShareStop
    | Ping
)


def parse_frame(data: bytes) -> Chunk:
    """A binary frame. Raises BadEvent where it has no header of ours, nothing behind it, or too much."""
    if len(data) > MESSAGE_BYTES:
        raise BadEvent("too_large", f"One message may hold {MESSAGE_BYTES} bytes.", limit=MESSAGE_BYTES)
    if len(data) <= HEADER.size or data[0] != VERSION:
        raise BadEvent("bad_frame", "This is no audio frame of version 1.")
    _version, clip, number = HEADER.unpack_from(data)
    if number >= MOST_CHUNKS:
        raise BadEvent("bad_frame", f"A clip has at most {MOST_CHUNKS} chunks.", limit=MOST_CHUNKS)
    return Chunk(uuid.UUID(bytes=clip), number, data[HEADER.size :])


def parse(text: str) -> ClientEvent:
    """A text frame. Raises BadEvent where it is not JSON, of no known type, or a field does not fit."""
    if len(text.encode()) > MESSAGE_BYTES:
        raise BadEvent("too_large", f"One message may hold {MESSAGE_BYTES} bytes.", limit=MESSAGE_BYTES)
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise BadEvent("bad_json", "This is not JSON.") from None
    kind = body.get("type") if isinstance(body, dict) else None
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise BadEvent("unknown_event", "No event of this type is known.")
    return reader(Fields(body))


_HOUR_MS = 3_600_000

_READERS: dict[str, Callable[[Fields], ClientEvent]] = {
    "clip_start": lambda f: ClipStart(
        clip=f.uuid("clip"),
        number=f.integer("number", 0, 10**9),
        started_at=f.number("started_at", 0, 2**53),
        keep_from=f.integer("keep_from", 0, _HOUR_MS),
        mime=f.text("mime", 80),
        language=f.text("language", 20),
        speaker=f.uuid("speaker") if f.given("speaker") else None,
    ),
    "clip_end": lambda f: ClipEnd(
        clip=f.uuid("clip"),
        chunks=f.integer("chunks", 0, MOST_CHUNKS),
        keep_to=f.maybe_integer("keep_to", 0, _HOUR_MS),
        reason=f.one_of("reason", CLIP_END_REASONS),
    ),
    "message": lambda f: ChatMessage(id=f.uuid("id"), text=f.text("text", TEXT_LENGTH)),
    "withdraw": lambda f: Withdraw(clip=f.uuid("clip")),
    "unfold": lambda f: Unfold(clip=f.uuid("clip")),
    "snapshot": lambda f: SnapshotRequest(),
    "seen": lambda f: Seen(seq=f.integer("seq", 0, 2**53)),
    "end_meeting": lambda f: EndMeeting(),
    "set_room": lambda f: SetRoom(
        name=f.text("name", TEXT_LENGTH), listed=f.flag("listed"), languages=f.codes("languages")
    ),
    "rename": lambda f: Rename(name=f.text("name", TEXT_LENGTH)),
    "leave": lambda f: Leave(),
    "share_start": lambda f: ShareStart(language=f.text("language", 20)),
    "share_stop": lambda f: ShareStop(),
    "ping": lambda f: Ping(sent_at=f.number("sent_at", 0, 2**53)),
}
CLIENT_TYPES = tuple(_READERS)
SERVER_TYPES = (
    "welcome",
    "snapshot",
    "members",
    "speaking",
    "speakers",
    "room",
    "renamed",
    "left",
    "held",
    "chunk_ack",
    "clip_ack",
    "clip_refused",
    "caption",
    "translation",
    "gap",
    "unsaid",
    "withdrawn",
    "folded",
    "message",
    "engine",
    "sharing",
    "meeting_ended",
    "tick",
    "pong",
    "error",
)


def is_durable(event: str) -> bool:
    """Whether an encoded event is one of those a viewer must not miss: they carry `seq`, ahead of any text."""
    return '"seq":' in event[:100] and not event.startswith('{"type":"tick"')


def encode(kind: str, **fields: Any) -> str:
    """A server's event as a text frame."""
    if kind not in SERVER_TYPES:
        raise ValueError(f"{kind} is no event of the server")
    return json.dumps({"type": kind, **fields}, ensure_ascii=False, separators=(",", ":"))
