"""Withdrawal: a speaker deletes a line of their own, with its text, translations and sound; a note stays.

A copy of it, the same voice through another microphone, goes along: else the words would be there still.
"""

import asyncio
import uuid
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from meet import broadcast, event_numbers
from meet.clips import audio_files, duplicates, file_deletion
from meet.events import BadEvent, encode
from meet.models import Clip
from meet.orm_pool import pooled
from meet.record import captions, recording
from meet.record.gaps import without_words
from meet.timestamps import to_ms

State = Clip.State


class _Grown(Exception):
    """While a line was withdrawn another copy was folded into it: it is begun again."""


async def withdraw(clip_id: uuid.UUID, participant_id: uuid.UUID) -> None:
    """Withdraw a clip in whatever state it is. Twice is once. Raises BadEvent where it is not theirs."""
    clip, told = await _withdraw(clip_id, participant_id)
    if not told:
        return
    try:
        await _erase(clip)
    finally:  # a disk that refuses keeps it in nobody's page
        for event in told:
            await broadcast.send(clip.meeting.room_id, event)


async def _erase(clip: Clip) -> None:
    """Its files go, and the recording, which is made anew without it."""
    await file_deletion.sweep()
    await recording.forget(clip.meeting_id)
    await asyncio.to_thread(recording.path_of(clip.meeting).unlink, missing_ok=True)


@pooled
def _withdraw(clip_id: uuid.UUID, participant_id: uuid.UUID) -> tuple[Clip, list[str]]:
    theirs = Q(participant=participant_id) | Q(participant__shared_by=participant_id)
    clip = _clips().filter(theirs, pk=clip_id).first()
    if clip is None:
        raise BadEvent("not_your_line", _("Only the speaker can withdraw a line."), clip=str(clip_id))
    while True:
        try:
            return clip, _change(clip, timezone.now())
        except _Grown:
            continue


def _change(clip: Clip, now: datetime) -> list[str]:
    """The rows change and the files are promised to go, in one transaction; the events that tell of it.

    Clips are locked before the meeting, and that before captions, as everybody does.
    """
    with transaction.atomic():
        copies = list(_clips().filter(pk__in=duplicates.copies_of(clip.pk)).order_by("pk"))
        if not _close(clip, now, withdrawn_at=now):
            return []
        for copy in copies:
            _close(copy, now)
        event_numbers.hold(clip.meeting_id)
        if not set(duplicates.copies_of(clip.pk)) <= {copy.pk for copy in copies}:
            raise _Grown
        told = [_take_copy(copy) for copy in copies]
        captions.withdraw(clip.pk)
        clip.withdrawn_at = now
        return [*told, encode("withdrawn", seq=event_numbers.take(clip.meeting_id), **withdrawn(clip))]


def _take_copy(copy: Clip) -> str:
    captions.withdraw(copy.pk)
    return encode("unsaid", meeting=copy.meeting_id, seq=event_numbers.take(copy.meeting_id), clip=str(copy.pk))


def _close(clip: Clip, now: datetime, withdrawn_at: datetime | None = None) -> bool:
    """Whoever is at work on it has lost it, and its files go. False where it is withdrawn already.

    A copy that goes with its line has no time at which it was withdrawn: nothing shows that it was there.
    """
    standing = Clip.objects.filter(pk=clip.pk).exclude(state=State.WITHDRAWN)
    emptied = {"audio": "", "reason": "", "suppressed": "", "lease_until": None}
    if not standing.update(state=State.WITHDRAWN, withdrawn_at=withdrawn_at, version=F("version") + 1, **emptied):
        return False
    sounds = {audio_files.path_of(clip), clip.audio or audio_files.path_of(clip)}
    texts = {f"{sound.removesuffix('.flac')}.txt" for sound in sounds}
    file_deletion.order(now, media=sorted(sounds | texts), parts=[clip.pk])
    return True


def of_meeting(meeting_id: int) -> QuerySet[Clip]:
    """A meeting's withdrawn lines: what shows that there was one."""
    found = Clip.objects.filter(meeting_id=meeting_id, state=Clip.State.WITHDRAWN, withdrawn_at__isnull=False)
    return found.select_related("participant")


def _clips() -> QuerySet[Clip]:
    return Clip.objects.select_related("meeting__room", "participant")


def withdrawn(clip: Clip) -> dict[str, Any]:
    """A withdrawn line, as the wire has it: whose, and when; never what."""
    return {**without_words(clip), "withdrawn_at": to_ms(clip.withdrawn_at or clip.started_at)}
