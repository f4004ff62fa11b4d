"""Tells a room who is in it: soon after somebody came or went, and every few seconds in case a process died."""

import asyncio

from meet import broadcast, presence
from meet.events import encode

SOON = 0.3  # seconds in which several comings and goings are told as one: three hundred people reconnect at once
_telling: dict[int, asyncio.Task[None]] = {}
_told: dict[int, str] = {}


async def event(room_id: int) -> str:
    """Who is here, encoded."""
    return encode("members", members=await presence.members(room_id))


def changed(room_id: int) -> None:
    """Somebody came or went: everybody in the room hears of it soon. Returns at once."""
    if room_id not in _telling:
        _telling[room_id] = asyncio.create_task(_tell(room_id))


async def look_around() -> None:
    """Tell the sockets here where who is there has changed without anybody saying so."""
    for room_id in broadcast.rooms_here():
        now = await event(room_id)
        if _told.get(room_id) != now:
            _told[room_id] = now
            await broadcast.send_here(room_id, now)
    for room_id in _told.keys() - set(broadcast.rooms_here()):
        del _told[room_id]


async def _tell(room_id: int) -> None:
    await asyncio.sleep(SOON)
    del _telling[room_id]  # whoever comes from now on is told of again
    await broadcast.send(room_id, await event(room_id))
