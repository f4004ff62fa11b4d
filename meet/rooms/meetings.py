"""Meetings: when one begins and ends, who took part, and which meeting a moment belongs to."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from meet.models import Meeting, Participant
from meet.orm_pool import pooled
from meet.rooms.presence import present

ENDS_AFTER = timedelta(minutes=30)  # with nobody there
SHOWN_AFTER_END = timedelta(minutes=1)  # the last words of an ended meeting still reach its page


def open_in(room_id: int) -> Meeting | None:
    """The room's open meeting."""
    return Meeting.objects.filter(room_id=room_id, ended_at=None).first()


def attend(participant: Participant) -> None:
    """Count a participant in where a meeting is open: this opens that meeting's record to them, no earlier one."""
    meeting = open_in(participant.room_id)
    if meeting is not None:
        meeting.participants.add(participant)


def begin(room_id: int, participant: Participant, at: datetime) -> Meeting:
    """The room's open meeting; a new one, with everybody who is there, where none is open."""
    meeting = open_in(room_id)
    if meeting is None:
        meeting = _make(room_id, at)
        meeting.participants.add(*present(room_id, timezone.now()))
    meeting.participants.add(participant)
    return meeting


def at(participant: Participant, moment: datetime) -> Meeting:
    """The meeting a recording belongs to: the ended one its time lies in, if they took part; else the open one."""
    ended = participant.attended.filter(started_at__lte=moment, ended_at__gte=moment).first()
    return ended or begin(participant.room_id, participant, moment)


def shown_live(meeting: Meeting, now: datetime) -> bool:
    """Whether the room's page shows this meeting now: the open one, or the one that ended a moment ago."""
    if meeting.ended_at is None:
        return True
    return meeting.ended_at > now - SHOWN_AFTER_END and open_in(meeting.room_id) is None


@pooled
def end(room_id: int) -> bool:
    """End the open meeting. False where there is none."""
    return bool(Meeting.objects.filter(room_id=room_id, ended_at=None).update(ended_at=timezone.now()))


@pooled
def end_deserted(now: datetime) -> list[int]:
    """End the meetings nobody has been in for half an hour; the ids of their rooms."""
    deserted = Meeting.objects.filter(ended_at=None, occupied_at__lt=now - ENDS_AFTER)
    found = list(deserted.values_list("pk", "room_id"))
    return [room for meeting, room in found if deserted.filter(pk=meeting).update(ended_at=now)]


@pooled
def newest(room_ids: list[int]) -> dict[int, tuple[int, int]]:
    """Of each room with an open meeting: that meeting's id and newest seq."""
    rows = Meeting.objects.filter(room_id__in=room_ids, ended_at=None).values_list("room_id", "pk", "seq")
    return {room: (meeting, seq) for room, meeting, seq in rows}


def _make(room_id: int, at: datetime) -> Meeting:
    """A new open meeting in a folder of its own; the one another process made at the same time, if it was first."""
    stamp = timezone.localtime(at).strftime("%Y%m%d-%H%M%S")
    for attempt in range(1, 100):
        folder = stamp if attempt == 1 else f"{stamp}-{attempt}"
        try:
            with transaction.atomic():
                return Meeting.objects.create(room_id=room_id, folder=folder, started_at=at, occupied_at=timezone.now())
        except IntegrityError:
            meeting = open_in(room_id)  # either somebody else began it, or the folder's name is taken
            if meeting is not None:
                return meeting
    raise RuntimeError(f"no folder is free for a meeting at {stamp}")
