"""Who is here, across processes: a row a socket, renewed for a whole process at once, gone when nobody renews it."""

import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

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


def present(room_id: int, now: datetime) -> list[Participant]:
    """Everybody with a live socket in the room, in the order they joined it."""
    here = Connection.objects.filter(participant__room_id=room_id, seen_at__gt=now - ABSENT_AFTER)
    return list(Participant.objects.filter(pk__in=here.values("participant")).order_by("joined_at", "pk"))


@pooled
def enter(connection_id: uuid.UUID, participant_id: uuid.UUID) -> None:
    """A socket opened."""
    Connection.objects.create(id=connection_id, participant_id=participant_id, process=PROCESS, seen_at=timezone.now())


@pooled
def leave(connection_id: uuid.UUID) -> None:
    """A socket closed."""
    Connection.objects.filter(pk=connection_id).delete()


@pooled
def renew(connection_ids: Iterable[uuid.UUID]) -> None:
    """This process's sockets are alive, and so are the meetings of their rooms. What nobody renewed for long goes."""
    now = timezone.now()
    mine = Connection.objects.filter(process=PROCESS, pk__in=list(connection_ids))
    mine.update(seen_at=now)
    rooms = mine.values("participant__room_id")
    Meeting.objects.filter(ended_at=None, room_id__in=rooms).update(occupied_at=now)
    Connection.objects.filter(seen_at__lt=now - FORGOTTEN_AFTER).delete()


@pooled
def members(room_id: int) -> list[dict[str, str | bool]]:
    """Everybody who is here, ready for the wire."""
    people = present(room_id, timezone.now())
    return [asdict(Member(id=str(p.pk), name=p.name, host=p.is_host)) for p in people]
