"""The cast: Alice hosts the room, Bob is in it, Carol is not."""

import uuid
from dataclasses import dataclass

import pytest
from django.contrib.sessions.backends.db import SessionStore

from meet import pipeline, rooms
from meet.models import Participant, Room
from tests.meet.sockets import Socket


@dataclass(frozen=True)
class Cast:
    """A room, who is in it, and the sessions of their browsers."""

    room: Room
    host_secret: str
    alice: Participant
    bob: Participant
    sessions: dict[uuid.UUID, SessionStore]


@pytest.fixture
def cast(transactional_db):
    """Alice made the room, Bob joined it."""
    alices, bobs = SessionStore(), SessionStore()
    room, secret = rooms.make("週會 Weekly", alices)
    alice, bob = rooms.join(room, "Alice", alices), rooms.join(room, "Bob", bobs)
    alices.save()
    bobs.save()
    return Cast(room, secret, alice, bob, {alice.pk: alices, bob.pk: bobs})


@pytest.fixture
def enter(cast, settings, monkeypatch):
    """Open the socket of one of the cast; nothing is transcribed here."""
    settings.ALLOWED_HOSTS = ["testserver"]
    monkeypatch.setattr(pipeline, "nudge", lambda clip: None)
    opened = []

    async def one(person, **how):
        socket = await Socket(cast.room.slug, cast.sessions[person.pk].session_key, **how).open()
        opened.append(socket)
        return socket

    return one
