"""Engine status: asks the speech tier for its state every two seconds, and tells the pages when it changes."""

from dataclasses import asdict

from meet import broadcast
from meet.events import encode
from meet.recognition import speech_client
from meet.recognition.speech_client import AWAY, Engine

_last: Engine = AWAY
_translates = False  # by what it said when it was last ready: one that is away for a moment comes back as it was


def event() -> str:
    """The state last heard of, encoded."""
    told = asdict(_last)
    del told["translates"]  # pages have no use for it
    return encode("engine", **told)


def answers() -> bool:
    """Whether clips can be worked on now."""
    return _last.state == "ready"


def translates() -> bool:
    """Whether the model that listens translates into English, as far as is known."""
    return _translates


def on_trial() -> bool:
    """Whether it is the bundled trial model that listens."""
    return _last.demo


async def refresh() -> None:
    """Ask, and tell this process's sockets what changed."""
    global _last, _translates
    now = await speech_client.engine()
    if now.state == "ready":
        _translates = now.translates
    if now != _last:
        _last = now
        for room_id in broadcast.rooms_here():
            await broadcast.send_here(room_id, event())
