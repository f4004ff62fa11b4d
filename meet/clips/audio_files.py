"""Clip audio files: their paths, the lease for writing them, and which part files can be deleted afterwards."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from meet.clips import clips, part_files
from meet.models import Clip, Meeting
from meet.orm_pool import pooled


def path_of(clip: Clip) -> str:
    """Where a clip's audio belongs, below the media folder. Sorts by time."""
    stamp = timezone.localtime(clip.started_at).strftime("%Y%m%d-%H%M%S")
    name = f"{stamp}-{clip.number:04d}-{clip.pk.hex[:8]}.flac"
    return f"{clip.meeting.room.slug}/{clip.meeting.folder}/clips/{name}"


@pooled
def due() -> list[uuid.UUID]:
    """Closed clips whose audio file is still to be written and that nobody writes; from now on the caller does."""
    now = timezone.now()
    free = Clip.objects.filter(
        Q(lease_until=None) | Q(lease_until__lt=now), state__in=clips.CLOSED, audio="", duration_ms=None
    )
    found = list(free.values_list("pk", flat=True)[:50])
    return [clip for clip in found if free.filter(pk=clip).update(lease_until=now + clips.SOUND_WITHIN)]


@pooled
def written(clip_id: uuid.UUID, version: int, path: str, duration_ms: int) -> bool:
    """A clip's audio file is there, made from this version of it. False where more came in meanwhile."""
    with transaction.atomic():
        if not Clip.objects.filter(pk=clip_id, version=version).update(audio=path, duration_ms=duration_ms):
            return False
        # the recording of a meeting that is over lacks it: no event tells of it where nothing was said
        Meeting.objects.filter(clips=clip_id, ended_at__isnull=False).update(recording_seq=None)
    return True


@pooled
def impossible(clip_id: uuid.UUID, version: int) -> None:
    """Nothing can be decoded of this version of a clip: nobody need try again."""
    Clip.objects.filter(pk=clip_id, version=version).update(duration_ms=0)


@pooled
def discard_parts(now: datetime) -> int:
    """Delete what arrived of clips that have their audio file and that nothing can be added to; how many.

    What arrived of a failed clip stays, and so does what could not be written as audio: it is all there is.
    """
    found = [uuid.UUID(path.name) for path in settings.PARTS_DIR.glob("[0-9a-f]*")]
    gone = 0
    for at in range(0, len(found), 500):
        old = Clip.objects.filter(pk__in=found[at : at + 500], opened_at__lt=now - clips.REPLAYED_WITHIN).exclude(
            audio=""
        )
        for clip_id in old.exclude(state=Clip.State.FAILED).values_list("pk", flat=True):
            part_files.discard(clips.folder(clip_id))
            gone += 1
    return gone
