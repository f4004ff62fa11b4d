"""Lobby: the rooms that their hosts list on the start page, with the number of people in each."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from meet.models import Room
from meet.rooms import presence

MOST = 60


@dataclass(frozen=True)
class Listed:
    """A room as the start page lists it."""

    name: str
    slug: str
    here: int


def listed(now: datetime) -> list[Listed]:
    """The listed rooms, the fullest first."""
    present = Q(participants__connections__in=presence.live(now))
    rooms = Room.objects.filter(listed=True).annotate(here=Count("participants", filter=present, distinct=True))
    return [Listed(room.name, room.slug, room.here) for room in rooms.order_by("-here", "name", "pk")[:MOST]]
