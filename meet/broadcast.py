"""Broadcast: sends events to everybody in a room, over the channel layer. No other module talks to that layer.

Each process has one channel. Whatever comes through it is handed to the room's sockets here, once decoded, so a full
room costs the layer and Redis no more than an empty one."""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

UNREACHED = (RedisError, OSError)
NO_LAYER = "none"  # of a consumer: what comes from the layer comes through here
YIELD_EVERY = 25  # sockets; between them others may have their turn
log = logging.getLogger(__name__)
Deliver = Callable[[str], Awaitable[None]]
_here: dict[int, dict[uuid.UUID, Deliver]] = {}
_stirred: list[Callable[[int], None]] = []
_channel: "asyncio.Task[str] | None" = None  # of this process, and so of its event loop
_ear: "asyncio.Task[None] | None" = None


def group(room_id: int) -> str:
    """The channel layer's name of a room's audience."""
    return f"room-{room_id}"


async def send(room_id: int, event: str) -> None:
    """An event (encoded) to everybody in the room, whichever process they are on.

    While Redis is away an event is lost on the way. Nothing else is: it stands in the database, and the next tick
    shows every page what it missed.
    """
    await _send(room_id, {"type": "deliver", "room": room_id, "event": event})


async def stir(room_id: int) -> None:
    """Have every process with sockets of the room look at it, each for its own sockets; see `when_stirred`."""
    await _send(room_id, {"type": "stir", "room": room_id})


def when_stirred(look: Callable[[int], None]) -> None:
    """What a process does about a room that was stirred. Must return at once."""
    _stirred.append(look)


async def enter(room_id: int, connection: uuid.UUID, deliver: Deliver) -> None:
    """A socket joins the room's audience."""
    channel = await _own_channel()
    _here.setdefault(room_id, {})[connection] = deliver
    await get_channel_layer().group_add(group(room_id), channel)


async def leave(room_id: int, connection: uuid.UUID) -> None:
    """A socket left."""
    if _here.get(room_id, {}).pop(connection, None) is None or _here[room_id]:
        return
    del _here[room_id]
    try:
        await get_channel_layer().group_discard(group(room_id), await _own_channel())
    except UNREACHED as error:  # who leaves is gone all the same; what still comes for the room finds nobody here
        log.warning("room %s is still listened for: %s", room_id, type(error).__name__)


def rooms_here() -> list[int]:
    """The rooms this process has sockets of."""
    return list(_here)


def connections_here() -> list[uuid.UUID]:
    """The sockets of this process."""
    return [connection for sockets in _here.values() for connection in sockets]


def sockets_in(room_id: int) -> int:
    """How many of them are in a room."""
    return len(_here.get(room_id, {}))


async def send_here(room_id: int, event: str) -> None:
    """An event to this process's sockets of a room. One that fails keeps it from nobody else."""
    for number, deliver in enumerate(list(_here.get(room_id, {}).values()), 1):
        try:
            await deliver(event)
        except Exception:  # whatever is wrong with this socket is written down, and its own
            log.exception("a socket in room %s could not be given an event", room_id)
        if number % YIELD_EVERY == 0:
            await asyncio.sleep(0)


async def answers() -> None:
    """Whether the layer answers: one publication nobody listens to. Raises what the layer raises."""
    await get_channel_layer().group_send("health", {"type": "deliver"})


async def _send(room_id: int, message: dict[str, Any]) -> None:
    try:
        await get_channel_layer().group_send(group(room_id), message)
    except UNREACHED as error:
        log.warning("room %s did not hear of an event: %s", room_id, type(error).__name__)


async def _own_channel() -> str:
    """The channel of this process, opened with its first socket. Raises what the layer raises, and tries again."""
    global _channel
    if _channel is None or _channel.get_loop() is not asyncio.get_running_loop() or _has_failed(_channel):
        _channel = asyncio.create_task(_open())
    return await asyncio.shield(_channel)  # who gives up waiting does not give it up for the others


def _has_failed(opening: "asyncio.Task[str]") -> bool:
    return opening.done() and (opening.cancelled() or opening.exception() is not None)


async def _open() -> str:
    global _ear
    channel: str = await get_channel_layer().new_channel()
    _ear = asyncio.create_task(_listen(channel), name="ear")
    return channel


async def _listen(channel: str) -> None:
    """Hand on what comes, in its order, for ever."""
    layer = get_channel_layer()
    while True:
        message = await layer.receive(channel)
        if message["type"] == "deliver":
            await send_here(message["room"], message["event"])
        else:
            for look in _stirred:
                look(message["room"])
