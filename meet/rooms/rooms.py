"""Rooms: creating, joining and leaving them, and who is the host."""

import base64
import hashlib
import hmac
import secrets
import unicodedata
import uuid
from collections.abc import MutableMapping
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from meet.models import Participant, Room
from meet.orm_pool import pooled
from meet.rooms import meetings, names

NAME_LENGTH = 40
ROOM_NAME_LENGTH = 80
READABLE_LENGTH = 40
# letters and signs that show nothing: a name made of them would be none
BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
Session = MutableMapping[str, Any]


class NoSuchRoom(LookupError):
    """There is no room at this address."""


class BadName(ValueError):
    """A name that cannot be shown; the message says why, to the person who typed it."""


def clean_name(raw: str, longest: int) -> str:
    """A name on one line: control and direction-changing characters gone. Raises BadName."""
    spaced = (" " if c.isspace() or c in BLANK else c for c in raw)
    kept = "".join(c for c in spaced if unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    name = " ".join(kept.split())
    if all(c == " " or unicodedata.category(c).startswith("M") for c in name):  # marks on nothing
        raise BadName(_("Please type a name."))
    if len(name) > longest:
        raise BadName(_("A name may have at most %(longest)d characters.") % {"longest": longest})
    return name


def make(name: str, session: Session) -> tuple[Room, str]:
    """A new room whose maker's browser is the host, and the secret of the host's link. Raises BadName."""
    name = clean_name(name, ROOM_NAME_LENGTH)
    readable = slugify(name, allow_unicode=True)[:READABLE_LENGTH].strip("-_") or "room"
    random = base64.b32encode(secrets.token_bytes(10)).decode().lower()  # 80 bits: cannot be guessed
    secret = secrets.token_urlsafe(24)
    room = Room.objects.create(slug=f"{readable}-{random}", name=name, host_key=_digest(secret))
    session["hosting"] = [*session.get("hosting", []), room.pk]
    session["host_links"] = {**session.get("host_links", {}), str(room.pk): secret}
    return room, secret


def find(slug: str) -> Room:
    """The room at this address. Raises NoSuchRoom."""
    room = _at(slug)
    if room is None:
        raise NoSuchRoom(slug)
    return room


def claim_host(room: Room, session: Session, secret: str) -> bool:
    """Make this browser a host, where the secret is the one of the host's link."""
    if not hmac.compare_digest(_digest(secret), room.host_key):
        return False
    if not is_host(room, session):
        session["hosting"] = [*session.get("hosting", []), room.pk]
    session["host_links"] = {**session.get("host_links", {}), str(room.pk): secret}
    participant = participant_of(room, session)
    if participant is not None:
        Participant.objects.filter(pk=participant.pk).update(is_host=True)
    return True


def is_host(room: Room, session: Session) -> bool:
    """Whether this browser hosts the room."""
    return room.pk in session.get("hosting", [])


def host_secret(room: Room, session: Session) -> str | None:
    """The secret of the host's link, for the browsers that have it."""
    secret: str | None = session.get("host_links", {}).get(str(room.pk))
    return secret


def join(room: Room, name: str, session: Session, user: AbstractBaseUser | None = None) -> Participant:
    """Take part under a name; the same browser stays the same participant. Raises BadName."""
    name = clean_name(name, NAME_LENGTH)
    participant = participant_of(room, session) or Participant(room=room, name=name)
    participant.is_host = is_host(room, session)
    participant.user_id = user.pk if user is not None else None
    participant.left_at = None
    participant.save()
    participant.name = names.give(participant.pk, name).name
    session["participants"] = {**session.get("participants", {}), str(room.pk): str(participant.pk)}
    return participant


def participant_of(room: Room, session: Session) -> Participant | None:
    """Who this browser is in the room, if it has joined."""
    known = session.get("participants", {}).get(str(room.pk))
    return Participant.objects.filter(pk=known, room=room).first() if known else None


def inside(room: Room, session: Session) -> Participant | None:
    """Who this browser is in the room now: nobody once they have left it."""
    participant = participant_of(room, session)
    return participant if participant is not None and participant.left_at is None else None


def last_name(room: Room, session: Session) -> str:
    """What this browser's person was called in the room before they left it."""
    participant = participant_of(room, session)
    return participant.name if participant is not None else ""


def of_session(session: Session) -> list[Room]:
    """The rooms that this browser made or joined, the newest first."""
    known = {int(key) for key in session.get("participants", {})} | set(session.get("hosting", []))
    return list(Room.objects.filter(pk__in=known).order_by("-made_at"))


@pooled
def enter(slug: str, session_key: str | None) -> Participant | None:
    """Who opens a socket to the room: the participant of the browser's session, or None where it may not."""
    if not session_key:
        return None
    room = _at(slug)
    participant = inside(room, SessionStore(session_key)) if room else None
    if participant is not None:
        meetings.attend(participant)
    return participant


@pooled
def leave(participant_id: uuid.UUID) -> None:
    """Somebody goes, with all their tabs: they enter again when they join again. What they said is theirs to read."""
    Participant.objects.filter(pk=participant_id).update(left_at=timezone.now())


@pooled
def hosts(participant_id: uuid.UUID) -> bool:
    """Whether a participant is a host of their room now."""
    return Participant.objects.filter(pk=participant_id, is_host=True).exists()


def _at(slug: str) -> Room | None:
    """The room at this address. PostgreSQL would not even be asked for a NUL."""
    return None if "\0" in slug else Room.objects.filter(slug=slug).first()


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
