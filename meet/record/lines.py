"""Lines of a meeting (captions, gaps and chat messages by time), paged before or after a position."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from operator import itemgetter
from typing import Any, Literal

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import QuerySet

from meet.models import Caption, Clip, Meeting, Message
from meet.orm_pool import pooled
from meet.record import captions, record, withdrawal
from meet.record.gaps import gap
from meet.rooms import chat
from meet.rooms.rooms import Session
from meet.timestamps import from_ms, to_ms

SIZE = 50
MOST = 300  # as many as are in a page
TIES = 16  # so many may be said in one millisecond, which is all that the wire tells apart, in the wrong order of ids
HALF = timedelta(microseconds=500)  # the wire rounds to milliseconds
Kind = Literal["captions", "messages", "all"]


class NotFound(LookupError):
    """Raised for a meeting that does not exist or is not this reader's: not told apart, so nobody can probe ids."""


@dataclass(frozen=True, order=True)
class LinePosition:
    """Where a line stands: its time in ms, and its id, so that two of one moment stand the same way everywhere."""

    at: int
    id: str


@dataclass(frozen=True)
class LinesQuery:
    """Which lines: those just before a place, just after one, or the newest."""

    kind: Kind = "captions"
    before: LinePosition | None = None
    after: LinePosition | None = None
    size: int = SIZE


@dataclass(frozen=True)
class LinesPage:
    """Lines in order, and whether there are more beyond them, the way they were asked for."""

    lines: list[dict[str, Any]]
    more: bool


@dataclass(frozen=True)
class _Source:
    """One table whose rows are lines."""

    rows: Callable[[int], QuerySet[Any]]
    time: str
    event: Callable[[Any], dict[str, Any]]


def _captions(meeting_id: int) -> QuerySet[Caption]:
    found = Caption.objects.filter(meeting_id=meeting_id)
    return found.select_related("participant").prefetch_related("translations")


def _gaps(meeting_id: int) -> QuerySet[Clip]:
    return Clip.objects.filter(meeting_id=meeting_id, state=Clip.State.FAILED).select_related("participant")


def _messages(meeting_id: int) -> QuerySet[Message]:
    return Message.objects.filter(meeting_id=meeting_id).select_related("participant")


_SPOKEN = (
    _Source(_captions, "started_at", lambda row: {"type": "caption", **captions.event_of(row)}),
    _Source(_gaps, "started_at", lambda row: {"type": "gap", **gap(row)}),
    _Source(withdrawal.of_meeting, "started_at", lambda row: {"type": "withdrawn", **withdrawal.withdrawn(row)}),
)
_WRITTEN = (_Source(_messages, "sent_at", lambda row: {"type": "message", **chat.event_of(row)}),)
_SOURCES: dict[Kind, tuple[_Source, ...]] = {"captions": _SPOKEN, "messages": _WRITTEN, "all": _SPOKEN + _WRITTEN}


def page(meeting_id: int, asked: LinesQuery) -> LinesPage:
    """The lines nearest to the place that was asked for. A few queries, whatever the length of the meeting."""
    found = [line for source in _SOURCES[asked.kind] for line in _nearest(source, meeting_id, asked)]
    found.sort(key=itemgetter(0))
    nearest = found[: asked.size] if asked.after else found[-asked.size :]
    return LinesPage([event for _place, event in nearest], more=len(found) > asked.size)


@pooled
def read(
    slug: str, meeting_id: int, asked: LinesQuery, user: AbstractBaseUser | AnonymousUser, session: Session
) -> dict[str, Any]:
    """A page of a meeting in this room, for staff and for those who took part in it. Raises NotFound.

    `seq` is read first: what happens meanwhile comes again rather than never.
    """
    found = None if "\0" in slug else Meeting.objects.filter(pk=meeting_id, room__slug=slug).select_related("room")
    meeting = found.first() if found is not None else None
    if meeting is None or not record.open_to(meeting, user, session):
        raise NotFound(meeting_id)
    there = page(meeting.pk, asked)
    return {"meeting": meeting.pk, "seq": meeting.seq, "lines": there.lines, "more": there.more}


def _nearest(source: _Source, meeting_id: int, asked: LinesQuery) -> list[tuple[LinePosition, dict[str, Any]]]:
    """More than enough rows of one table, in order of their nearness, by what the wire tells of their time."""
    rows, many, time = source.rows(meeting_id), asked.size + TIES, source.time
    if asked.before:
        rows = rows.filter(**{f"{time}__lt": from_ms(asked.before.at) + timedelta(milliseconds=1)})
        rows = rows.exclude(**{f"{time}__gt": from_ms(asked.before.at) - HALF, "pk__gte": asked.before.id})
    if asked.after:
        rows = rows.filter(**{f"{time}__gt": from_ms(asked.after.at) - timedelta(milliseconds=1)})
        rows = rows.exclude(**{f"{time}__lt": from_ms(asked.after.at) + HALF, "pk__lte": asked.after.id})
    # by their ids too, so that no number of lines of one moment keeps anybody from what lies beyond them
    nearest = rows.order_by(*((time, "pk") if asked.after else (f"-{time}", "-pk")))[:many]
    found = [(LinePosition(to_ms(getattr(row, time)), str(row.pk)), row) for row in nearest]
    return [
        (place, source.event(row))
        for place, row in found
        if (asked.before is None or place < asked.before) and (asked.after is None or place > asked.after)
    ]


def place(text: str) -> LinePosition:
    """A place as an address has it: `<ms>,<id>`. Raises ValueError."""
    at, _comma, id = text.partition(",")
    if not 0 <= int(at) < 2**47:  # ms: thousands of years
        raise ValueError(at)
    return LinePosition(int(at), str(uuid.UUID(id)))
