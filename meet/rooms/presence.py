"""Presence: which people are connected, across processes; rows that expire unless their process renews them."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from meet.models import Connection, Meeting, Participant
from meet.orm_pool import pooled

PROCESS = uuid.uuid4().hex
RENEW_EVERY = timedelta(seconds=10)
ABSENT_AFTER = timedelta(seconds=25)
FORGOTTEN_AFTER = timedelta(minutes=5)


@dataclass(frozen=True)
class Member:
    """One person in the room, as the page lists them."""

    id: str
    name: str
    host: bool
    shared_by: str | None = None  # whose shared sound it is, where it is no person


_here: dict[uuid.UUID, uuid.UUID] = {}  # this process's sockets: whose each is


def live(now: datetime) -> QuerySet[Connection]:
    """The sockets that somebody renews, of people who have not left."""
    return Connection.objects.filter(is_live(now))


def is_live(now: datetime, path: str = "") -> Q:
    """What makes a socket one of those, for a query in which it is reached by a path (`connection__`)."""
    return Q(**{f"{path}seen_at__gt": now - ABSENT_AFTER, f"{path}participant__left_at": None})


def present(room_id: int, now: datetime) -> list[Participant]:
    """Everybody with a live socket in the room and the sounds they share, in the order they joined it."""
    here = live(now).filter(participant__room_id=room_id)
    shared = Q(shared_by__in=here.filter(sharing=True).values("participant"))
    people = Participant.objects.filter(Q(pk__in=here.values("participant")) | shared)
    return list(people.order_by("joined_at", "pk"))


@pooled
def enter(connection_id: uuid.UUID, participant_id: uuid.UUID) -> None:
    """A socket opened."""
    Connection.objects.create(id=connection_id, participant_id=participant_id, process=PROCESS, seen_at=timezone.now())
    _here[connection_id] = participant_id  # not before: a renewal would put the row back that is only coming


def share(connection_id: uuid.UUID, on: bool) -> None:
    """A socket's shared sound is here, or is not any more. It goes with the socket."""
    Connection.objects.filter(pk=connection_id).update(sharing=on)


@pooled
def leave(connection_id: uuid.UUID) -> None:
    """A socket closed."""
    _here.pop(connection_id, None)
    Connection.objects.filter(pk=connection_id).delete()


@pooled
def renew(connection_ids: Iterable[uuid.UUID]) -> None:
    """This process's sockets are alive, and so are the meetings of their rooms. What nobody renewed for long goes."""
    now = timezone.now()
    sockets = list(connection_ids)
    _put_back(sockets, now)
    mine = Connection.objects.filter(process=PROCESS, pk__in=sockets)
    mine.update(seen_at=now)
    rooms = mine.values("participant__room_id")
    Meeting.objects.filter(ended_at=None, room_id__in=rooms).update(occupied_at=now)
    Connection.objects.filter(seen_at__lt=now - FORGOTTEN_AFTER).delete()


def _put_back(sockets: list[uuid.UUID], now: datetime) -> None:
    """Rows of living sockets that another process forgot, after the database was away for minutes."""
    kept = set(Connection.objects.filter(pk__in=sockets).values_list("pk", flat=True))
    for socket in set(sockets) - kept:
        owner = _here.get(socket)  # none where it opens or closes at this very moment
        if owner is not None and Participant.objects.filter(pk=owner).exists():
            row = Connection(id=socket, participant_id=owner, process=PROCESS, seen_at=now)
            Connection.objects.bulk_create([row], ignore_conflicts=True)  # it may have opened since the look above


@pooled
def members(room_id: int) -> list[Member]:
    """Everybody who is here."""
    return [member(person) for person in present(room_id, timezone.now())]


def member(person: Participant) -> Member:
    """Somebody as the page lists them."""
    owner = str(person.shared_by_id) if person.shared_by_id else None
    return Member(id=str(person.pk), name=person.name, host=person.is_host, shared_by=owner)
