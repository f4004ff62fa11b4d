"""The only one that talks to the channel layer: events to everybody in a room, and to the sockets of this process."""

import logging
import uuid
from collections.abc import Awaitable, Callable

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

UNREACHED = (RedisError, OSError)
log = logging.getLogger(__name__)
Deliver = Callable[[str], Awaitable[None]]
_here: dict[int, dict[uuid.UUID, Deliver]] = {}


def group(room_id: int) -> str:
    """The channel layer's name of a room's audience."""
    return f"room-{room_id}"


async def send(room_id: int, event: str) -> None:
    """An event (encoded) to everybody in the room, whichever process they are on.

    While Redis is away an event is lost on the way. Nothing else is: it stands in the database, and the next tick
    shows every page what it missed.
    """
    try:
        await get_channel_layer().group_send(group(room_id), {"type": "deliver", "event": event})
    except UNREACHED as error:
        log.warning("room %s did not hear of an event: %s", room_id, type(error).__name__)


async def enter(room_id: int, connection: uuid.UUID, channel: str, deliver: Deliver) -> None:
    """A socket joins the room's audience."""
    await get_channel_layer().group_add(group(room_id), channel)
    _here.setdefault(room_id, {})[connection] = deliver


async def leave(room_id: int, connection: uuid.UUID, channel: str) -> None:
    """A socket left."""
    if connection in _here.get(room_id, {}):
        del _here[room_id][connection]
        if not _here[room_id]:
            del _here[room_id]
    await get_channel_layer().group_discard(group(room_id), channel)


def rooms_here() -> list[int]:
    """The rooms this process has sockets of."""
    return list(_here)


def connections_here() -> list[uuid.UUID]:
    """The sockets of this process."""
    return [connection for sockets in _here.values() for connection in sockets]


async def send_here(room_id: int, event: str) -> None:
    """An event to this process's sockets of a room."""
    for deliver in list(_here.get(room_id, {}).values()):
        await deliver(event)


async def answers() -> None:
    """Whether the layer answers: one publication nobody listens to. Raises what the layer raises."""
    await get_channel_layer().group_send("health", {"type": "deliver"})
