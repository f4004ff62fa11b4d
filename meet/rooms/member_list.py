"""Member list: sends a room who is in it and its settings, after each change and every few seconds."""

import asyncio
import logging

from meet import broadcast
from meet.events import encode
from meet.rooms import active_speakers, presence, room_settings
from meet.rooms.presence import Member

SOON = 0.3  # seconds in which several comings and goings are told as one: three hundred people reconnect at once
SOON_EACH = 0.003  # seconds more for everybody who is there: a full room is told of more at once
log = logging.getLogger(__name__)
_stirring: dict[int, asyncio.Task[None]] = {}
_looking: dict[int, asyncio.Task[None]] = {}
_again: set[int] = set()  # rooms in which something changed while this process looked
_told: dict[int, tuple[list[Member], str]] = {}  # what this process's sockets heard last


async def welcome(room_id: int, me: Member) -> str:
    """What somebody who comes in is told, encoded: who is here as the others know it, and that they are here too.

    To read it anew for each would take, of two hundred who come at once, most of the time.
    """
    known = _told[room_id][0] if room_id in _told else await presence.members(room_id)
    here = [me if member.id == me.id else member for member in known]
    return _members(here if me in here else [*here, me])


def changed(room_id: int) -> None:
    """Somebody came or went: everybody in the room hears of it soon. Returns at once."""
    if not broadcast.sockets_in(room_id):
        _told.pop(room_id, None)
    if room_id not in _stirring:
        _stirring[room_id] = asyncio.create_task(_stir(room_id))


async def look_around() -> None:
    """Tell the sockets here where who is there has changed without anybody saying so."""
    here = broadcast.rooms_here()
    for room_id in here:
        look(room_id)
    for room_id, speaking in (await active_speakers.now_in(here)).items():
        # always: of two words that cross each other on the way, the last one heard may not be the last one said
        await broadcast.send_here(room_id, encode("speakers", participants=speaking))
    for room_id in _told.keys() - set(broadcast.rooms_here()):
        del _told[room_id]  # of somebody whose leaving could not be written down


def look(room_id: int) -> None:
    """Tell the sockets here what is not as they heard it last. Returns at once.

    Every process reads and tells for itself, one telling of a room after the other, so what its sockets hear last is
    what it read last. A list that travelled between processes could overtake a newer one.
    """
    if room_id in _looking:
        _again.add(room_id)
    else:
        _looking[room_id] = asyncio.create_task(_look(room_id))


broadcast.when_stirred(look)


async def _stir(room_id: int) -> None:
    try:
        await asyncio.sleep(SOON + SOON_EACH * broadcast.sockets_in(room_id))
    finally:
        del _stirring[room_id]  # whoever comes from now on is told of again
    await broadcast.stir(room_id)


async def _look(room_id: int) -> None:
    try:
        await _tell(room_id)
    except Exception:  # whatever it was, the sweep looks around in a moment
        log.exception("room %s was not told who is there", room_id)
    finally:
        del _looking[room_id]
    if room_id in _again:
        _again.discard(room_id)
        look(room_id)


async def _tell(room_id: int) -> None:
    holds = await room_settings.events([room_id])
    members, room = await presence.members(room_id), holds.get(room_id, "")  # a room may be deleted under its people
    told = _told.pop(room_id, None)
    if broadcast.sockets_in(room_id):  # nobody else hears how it goes on
        _told[room_id] = members, room
    if told is None or told[0] != members:
        await broadcast.send_here(room_id, _members(members))
    if room and (told is None or told[1] != room):
        await broadcast.send_here(room_id, room)


def _members(members: list[Member]) -> str:
    return encode("members", members=[vars(member) for member in members])
