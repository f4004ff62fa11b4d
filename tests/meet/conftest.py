"""The cast: Alice hosts the room, Bob is in it, Carol is not; and the real speech process for those who need it."""

import uuid
from dataclasses import dataclass

import pytest
from django.contrib.sessions.backends.db import SessionStore

from meet import pipeline
from meet.models import Participant, Room
from meet.recognition import engine_status, speech_client
from meet.rooms import rooms
from tests.meet.sockets import Socket
from tests.speech_process import speaking


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


@pytest.fixture(autouse=True)
def nothing_heard_of_the_engine(monkeypatch):
    """What an engine said of itself in one test is not known in the next."""
    monkeypatch.setattr(engine_status, "_last", speech_client.AWAY)
    monkeypatch.setattr(engine_status, "_translates", False)


@pytest.fixture(scope="module")
def speech():
    """The real speech process, with the bundled model: its address."""
    with speaking() as (address, _process):
        yield address


@pytest.fixture
def tier(speech, settings):
    """The web tier's way to it: a client of this test's own loop."""
    settings.SPEECH_URL = speech
    speech_client._client = None
    yield speech
    speech_client._client = None


@pytest.fixture
def enter(cast, settings, monkeypatch):
    """Open the socket of one of the cast; nothing is transcribed here."""
    settings.ALLOWED_HOSTS = ["testserver"]
    monkeypatch.setattr(pipeline, "nudge", lambda clip, speaker: None)
    opened = []

    async def one(person, **how):
        socket = await Socket(cast.room.slug, cast.sessions[person.pk].session_key, **how).open()
        opened.append(socket)
        return socket

    return one
