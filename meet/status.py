"""The speech tier's state as the pages show it: asked every two seconds, told to everybody here when it changes."""

from dataclasses import asdict

from meet import broadcast, recognizer
from meet.events import encode
from meet.recognizer import AWAY, Engine

_last: Engine = AWAY


def event() -> str:
    """The state last heard of, encoded."""
    return encode("engine", **asdict(_last))


def answers() -> bool:
    """Whether clips can be worked on now."""
    return _last.state == "ready"


def on_trial() -> bool:
    """Whether it is the bundled trial model that listens."""
    return _last.demo


async def refresh() -> None:
    """Ask, and tell this process's sockets what changed."""
    global _last
    now = await recognizer.engine()
    if now != _last:
        _last = now
        for room_id in broadcast.rooms_here():
            await broadcast.send_here(room_id, event())
