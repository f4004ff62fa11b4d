"""Chat messages: saved, numbered among the meeting's events, and sent to everybody."""

import unicodedata
import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from meet import event_numbers
from meet.events import TEXT_LENGTH, BadEvent
from meet.models import Message, Participant
from meet.orm_pool import pooled
from meet.rooms import meetings
from meet.timestamps import to_ms


@pooled
def post(id: uuid.UUID, participant_id: uuid.UUID, raw: str) -> dict[str, Any] | None:
    """Keep a line; its event, or None where it was kept before. Raises BadEvent where there is nothing in it."""
    text = _clean(raw)
    if not text:
        raise BadEvent("empty_message", _("Write a message first."))
    author = Participant.objects.get(pk=participant_id)
    now = timezone.now()
    try:
        with transaction.atomic():
            meeting = meetings.begin(author.room_id, author, now)
            seq = event_numbers.take(meeting.pk)
            line = Message.objects.create(
                id=id, meeting=meeting, participant=author, seq=seq, sent_at=now, text=text[:TEXT_LENGTH]
            )
    except IntegrityError:
        if Message.objects.filter(pk=id).exists():
            return None  # sent again after a reconnect: it is here already
        raise
    return event_of(line)


def event_of(line: Message) -> dict[str, Any]:
    """A line as the wire has it."""
    return {
        "meeting": line.meeting_id,
        "seq": line.seq,
        "id": str(line.pk),
        "participant": str(line.participant_id),
        "name": line.participant.name,
        "sent_at": to_ms(line.sent_at),
        "text": line.text,
    }


def _clean(raw: str) -> str:
    """The text without control and direction-changing characters; line breaks stay."""
    keep = {"\n", "\u200d"}  # emoji are joined by the latter
    return "".join(c for c in raw if c in keep or unicodedata.category(c) not in ("Cc", "Cf", "Cs")).strip()
