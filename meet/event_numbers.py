"""Event numbers: every durable event of a meeting takes the next one, so that a page notices a missed event."""

from django.db import transaction
from django.db.models import F

from meet.models import Meeting


def hold(meeting_id: int) -> None:
    """Have the meeting's row alone till the transaction ends. Who changes more than it takes it first of all."""
    Meeting.objects.select_for_update(no_key=True).filter(pk=meeting_id).first()


def take(meeting_id: int) -> int:
    """The meeting's next number. In a transaction, whose end also gives the row's lock back."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("a sequence number is taken in the transaction that uses it")
    Meeting.objects.filter(pk=meeting_id).update(seq=F("seq") + 1)
    return Meeting.objects.values_list("seq", flat=True).get(pk=meeting_id)
