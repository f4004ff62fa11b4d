"""Display names: unique within a meeting, and changed everywhere at once.

A name is one thing in one place: over the lines said before it was changed too, in the record and in the files. A
slip at the door is put right everywhere, and no line names somebody whom the list of people does not.
"""

import re
import unicodedata
import uuid
from collections.abc import Set
from dataclasses import dataclass
from itertools import count

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from meet import event_numbers
from meet.models import Meeting, Participant, Room
from meet.orm_pool import pooled
from meet.rooms import presence

_NUMBERED = re.compile(r" \(\d+\)$")


@dataclass(frozen=True)
class Renamed:
    """Who goes by which name now, and the number of this among the open meeting's events, if they spoke in it."""

    participant: uuid.UUID
    name: str
    meeting: int | None
    seq: int | None

    def fields(self) -> dict[str, str | int]:
        """As the wire has it."""
        about: dict[str, str | int] = {"participant": str(self.participant), "name": self.name}
        if self.meeting is None or self.seq is None:
            return about
        return {"meeting": self.meeting, "seq": self.seq, **about}


def apart(wanted: str, taken: Set[str]) -> str:
    """The name, numbered from 2 on where somebody goes by it; `taken` holds names as `folded` gives them."""
    if folded(wanted) not in taken:
        return wanted
    bare = _NUMBERED.sub("", wanted)
    return next(name for n in count(2) if folded(name := f"{bare} ({n})") not in taken)


def folded(name: str) -> str:
    """What two names have in common that look the same."""
    return unicodedata.normalize("NFKC", name).casefold()


def give(participant_id: uuid.UUID, wanted: str | None = None) -> Renamed:
    """Have somebody go by a name, or by the one they have, told apart from the others'."""
    with transaction.atomic():
        rooms = Room.objects.select_for_update(of=("self",), no_key=True)
        rooms.get(participants=participant_id)  # one at a time, so that none is given twice
        person = Participant.objects.get(pk=participant_id)
        name = apart(person.name if wanted is None else wanted, _taken(person))
        if name == person.name:
            return Renamed(person.pk, name, None, None)  # they do already
        before, person.name = person.name, name
        person.save(update_fields=["name"])
        for sound in Participant.objects.filter(shared_by=person):
            Participant.objects.filter(pk=sound.pk).update(name=sound.name.replace(before, name, 1)[:50])
        return _number(person)


def settle(person: Participant) -> Renamed | None:
    """Whoever comes in is told apart from those who are here, and from those of the meetings they were in."""
    if folded(person.name) not in _taken(person):
        return None  # two who come at once see each other: one of them at least goes on to `give`
    return give(person.pk)  # not by the name they had when they were read: they may just have changed it


@pooled
def rename(participant_id: uuid.UUID, wanted: str) -> Renamed:
    """Somebody calls themselves something else."""
    return give(participant_id, wanted)


def _taken(person: Participant) -> set[str]:
    """The names of everybody who is here or was in a meeting with them."""
    meetings = Meeting.objects.filter(Q(participants=person) | Q(room_id=person.room_id, ended_at=None))
    here = presence.live(timezone.now()).filter(participant__room_id=person.room_id).values("participant")
    others = Participant.objects.filter(Q(attended__in=meetings) | Q(pk__in=here)).exclude(pk=person.pk)
    return {folded(name) for name in others.values_list("name", flat=True).distinct()}


def _number(person: Participant) -> Renamed:
    """A number in each meeting they spoke in, in order of their ids: its files name them, and are written again."""
    spoken = Meeting.objects.filter(Q(clips__participant=person) | Q(clips__participant__shared_by=person)).distinct()
    meeting = seq = None
    for pk, ended_at in spoken.order_by("pk").values_list("pk", "ended_at"):
        number = event_numbers.take(pk)
        if ended_at is None:
            meeting, seq = pk, number
    return Renamed(person.pk, person.name, meeting, seq)
