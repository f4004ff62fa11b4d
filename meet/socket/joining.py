"""Joining a room: everything that is written and read when a page connects, in one database call.

Each by itself would go to a thread of the pool and back, which took longer than the queries."""

import uuid
from dataclasses import dataclass, replace

from meet.clips import clips
from meet.models import Participant
from meet.orm_pool import pooled
from meet.record import snapshot
from meet.rooms import active_speakers, names, presence, room_settings
from meet.rooms.presence import Member


@dataclass(frozen=True)
class JoinSnapshot:
    """What there is to tell: to whoever came, and of them to the others."""

    me: Member
    renamed: names.Renamed | None
    next_number: int
    snapshot: str  # encoded
    holds: str  # in the room, encoded
    speaking: list[str]  # ids of participants


@pooled
def arrive(connection_id: uuid.UUID, participant_id: uuid.UUID) -> JoinSnapshot:
    """Write the connection's row first: of two who join at once under one name, at least one sees the other."""
    presence.enter.__wrapped__(connection_id, participant_id)
    person = Participant.objects.get(pk=participant_id)
    renamed = names.settle(person)
    me, room_id = presence.member(person), person.room_id
    return JoinSnapshot(
        me=me if renamed is None else replace(me, name=renamed.name),
        renamed=renamed,
        next_number=clips.next_number.__wrapped__(participant_id),
        snapshot=snapshot.of_room.__wrapped__(room_id),
        holds=room_settings.events.__wrapped__([room_id])[room_id],
        speaking=active_speakers.now_in.__wrapped__([room_id])[room_id],
    )
