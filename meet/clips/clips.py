"""Clip rows: a clip from its first byte to its final state, its leases and its retries.

The row is the truth: a state changes by one conditional UPDATE, and who changed no row has lost the clip to another.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from meet.clips import part_files
from meet.events import ClipEnd, ClipStart
from meet.languages import heard_as
from meet.models import Clip, Participant
from meet.orm_pool import pooled
from meet.rooms import meetings
from meet.timestamps import from_ms

State = Clip.State
CLOSED = (State.CAPTIONED, State.SILENT, State.FAILED)
LEASE = timedelta(seconds=20)  # renewed while the work goes on; what a killed process held is free after it
SOUND_WITHIN = timedelta(seconds=30)  # whoever closes a clip writes its audio; after that somebody else does
UNHEARD_AFTER = timedelta(seconds=30)  # a clip nobody has heard of for so long goes its way as it is
REPLAYED_WITHIN = timedelta(hours=24)
AHEAD_AT_MOST = timedelta(minutes=1)
MOST_ATTEMPTS = 8
NAMED_BY = 96  # bits of an id that its file's name leaves out: the first eight digits stand in it
RECORDED_AS = ("audio/", "video/")  # what is inside decides in the end: a page may call its recording what it likes


class ClipRefused(Exception):
    """This clip will never be taken; the browser may forget it once its person knows."""

    retryable = False

    def __init__(self, clip: uuid.UUID, code: str, message: str) -> None:
        super().__init__(message)
        self.clip = clip
        self.code = code


@dataclass(frozen=True)
class LeasedClip:
    """The right to work on a clip for a while. It ends with the lease, or when more of its audio comes in."""

    id: uuid.UUID
    version: int
    attempts: int


def folder(clip_id: uuid.UUID) -> Path:
    """Where what arrives of a clip lies."""
    return settings.PARTS_DIR / clip_id.hex


@pooled
def open_clip(start: ClipStart, participant_id: uuid.UUID) -> tuple[set[int], int]:
    """Begin a clip, or take it up again: the chunk numbers on disk, and their bytes. Raises ClipRefused."""
    now = timezone.now()
    speaker = _speaker(start, participant_id)
    if not start.mime.startswith(RECORDED_AS):
        raise ClipRefused(start.clip, "bad_type", _("This is not an audio recording."))
    try:
        spoken_at = from_ms(start.started_at + start.keep_from)
    except (ValueError, OverflowError):
        raise ClipRefused(start.clip, "bad_time", _("This recording has an invalid timestamp.")) from None
    if spoken_at < now - REPLAYED_WITHIN:
        raise ClipRefused(start.clip, "too_old", _("This recording is more than 24 hours old."))
    if spoken_at > now + AHEAD_AT_MOST:
        raise ClipRefused(start.clip, "in_future", _("This recording's time lies in the future."))
    clip = Clip.objects.filter(pk=start.clip).first() or _make(start, speaker, spoken_at)
    if clip.participant_id != speaker.pk:
        raise ClipRefused(start.clip, "not_yours", _("This recording belongs to somebody else."))
    _standing(clip.pk)
    return set(part_files.read(folder(clip.pk))), part_files.size(folder(clip.pk))


def _speaker(start: ClipStart, participant_id: uuid.UUID) -> Participant:
    """Who speaks in a clip: who sends it, or the sound that they share. Raises ClipRefused."""
    speaker = Participant.objects.filter(pk=start.speaker or participant_id).first()
    if speaker is None or participant_id not in (speaker.pk, speaker.shared_by_id):
        raise ClipRefused(start.clip, "not_yours", _("This recording belongs to somebody else."))
    return speaker


def _make(start: ClipStart, speaker: Participant, spoken_at: datetime) -> Clip:
    clip, _made = Clip.objects.get_or_create(
        pk=start.clip,
        defaults={
            "meeting": meetings.at(speaker, spoken_at),
            "participant": speaker,
            "number": _free_number(speaker.pk, start),
            "mime": start.mime,
            "language": heard_as(start.language, speaker.room.languages),
            "started_at": spoken_at,
            "keep_from": start.keep_from,
        },
    )
    return clip


@pooled
def known(clip_id: uuid.UUID) -> bool:
    """Whether it was begun before."""
    return Clip.objects.filter(pk=clip_id).exists()


@pooled
def next_number(participant_id: uuid.UUID) -> int:
    """The number a speaker's next clip takes."""
    return _next_number(participant_id)


def _next_number(participant_id: uuid.UUID) -> int:
    numbers = Clip.objects.filter(participant_id=participant_id).order_by("-number").values_list("number", flat=True)
    last = numbers.first()
    return 0 if last is None else last + 1


def _free_number(participant_id: uuid.UUID, start: ClipStart) -> int:
    """The number the browser gave; a free one where its other tab has given the same.

    A file is named after second, number and the id's first digits, and browsers choose all three: nobody gets the name
    of a file of somebody else's, to write over it or to have it erased.
    """
    first = uuid.UUID(int=start.clip.int >> NAMED_BY << NAMED_BY)
    alike = Q(pk__range=(first, uuid.UUID(int=first.int | (1 << NAMED_BY) - 1)))
    others = Clip.objects.filter(Q(participant_id=participant_id) | alike)
    if not others.filter(number=start.number).exists():
        return start.number
    return others.order_by("-number").values_list("number", flat=True)[0] + 1


def _standing(clip_id: uuid.UUID) -> Clip:
    """A clip that more may come of. Raises ClipRefused."""
    clip = Clip.objects.filter(pk=clip_id).first()
    if clip is None:
        raise ClipRefused(clip_id, "deleted", _("The meeting of this recording was deleted."))
    if clip.state == State.WITHDRAWN:
        raise ClipRefused(clip_id, "withdrawn", _("This recording was withdrawn."))
    return clip


def _reopen(clip_id: uuid.UUID) -> None:
    late = Clip.objects.filter(pk=clip_id).exclude(state__in=(State.RECEIVING, State.WITHDRAWN))
    anew = {"lease_until": None, "attempts": 0, "audio": "", "duration_ms": None, "compared": False}
    late.update(state=State.RECEIVING, version=F("version") + 1, **anew)


@pooled
def reopen(clip_id: uuid.UUID) -> None:
    """More of a clip comes in: if it was closed or cut short already, it goes its way once more. Raises ClipRefused."""
    _reopen(_standing(clip_id).pk)


@pooled
def end(event: ClipEnd) -> None:
    """The speaker's browser says how many chunks the clip has and where its kept speech ends."""
    with transaction.atomic():
        news = Clip.objects.filter(pk=event.clip).exclude(chunks=event.chunks, keep_to=event.keep_to)
        if news.update(chunks=event.chunks, keep_to=event.keep_to):
            _reopen(event.clip)  # one that was cut short ends elsewhere than was thought


@pooled
def receive_if_whole(clip_id: uuid.UUID) -> bool:
    """Whether every chunk of an ended clip is on disk; if so it is `received`, by whoever notices.

    Raises ClipRefused."""
    clip = _standing(clip_id)
    if clip.chunks is None or not _whole(clip.chunks, set(part_files.read(folder(clip_id)))):
        return False
    _receive(clip_id, cut_short=False)
    return True


@pooled
def receive_unheard(now: datetime) -> list[uuid.UUID]:
    """Clips nobody has heard of for a while become `received` as they are; their ids."""
    received = []
    for clip in Clip.objects.filter(state=State.RECEIVING, opened_at__lt=now - UNHEARD_AFTER):
        last = part_files.heard_at(folder(clip.pk))
        if last is None or last < (now - UNHEARD_AFTER).timestamp():
            whole = clip.chunks is not None and _whole(clip.chunks, set(part_files.read(folder(clip.pk))))
            if _receive(clip.pk, cut_short=not whole):
                received.append(clip.pk)
    return received


def _whole(chunks: int, held: set[int]) -> bool:
    return held >= set(range(chunks))


def _receive(clip_id: uuid.UUID, *, cut_short: bool) -> bool:
    waiting = Clip.objects.filter(pk=clip_id, state=State.RECEIVING)
    return bool(
        waiting.update(
            state=State.RECEIVED,
            cut_short=cut_short,
            received_at=timezone.now(),
            lease_until=None,
            version=F("version") + 1,
        )
    )


@pooled
def due(now: datetime) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Received clips that nobody works on and their speakers, the oldest first."""
    free = Clip.objects.filter(Q(lease_until=None) | Q(lease_until__lt=now), state=State.RECEIVED)
    return list(free.order_by("received_at").values_list("pk", "participant_id")[:200])


@pooled
def lease(clip_id: uuid.UUID) -> tuple[LeasedClip, Clip] | None:
    """Take a received clip for work: attempts and lease are written before it begins. None where another has it."""
    now = timezone.now()
    free = Clip.objects.filter(Q(lease_until=None) | Q(lease_until__lt=now), pk=clip_id, state=State.RECEIVED)
    if not free.update(lease_until=now + LEASE, attempts=F("attempts") + 1):
        return None
    clip = Clip.objects.select_related("meeting__room", "participant").get(pk=clip_id)
    return LeasedClip(clip_id, clip.version, clip.attempts), clip


def extend(leased: LeasedClip) -> bool:
    """Keep a clip a while longer. False where it was lost."""
    return bool(_mine(leased).update(lease_until=timezone.now() + LEASE))


@pooled
def give_back(leased: LeasedClip, retry_at: datetime, *, tried: bool) -> None:
    """Leave a clip for later. Where its work never began, the attempt does not count."""
    _mine(leased).update(lease_until=retry_at, attempts=F("attempts") - (0 if tried else 1))


def close(leased: LeasedClip, state: Clip.State, *, reason: str = "", suppressed: str = "") -> bool:
    """Bring a clip to its end. False where the lease was lost or more audio came in: then nothing was changed."""
    until = timezone.now() + SOUND_WITHIN
    return bool(_mine(leased).update(state=state, lease_until=until, reason=reason, suppressed=suppressed))


def _mine(leased: LeasedClip) -> QuerySet[Clip]:
    """The clip, as long as the lease holds: every taking counts an attempt, all more audio a version."""
    return Clip.objects.filter(pk=leased.id, state=State.RECEIVED, version=leased.version, attempts=leased.attempts)


def sound(clip_id: uuid.UUID) -> bytes:
    """What arrived of a clip, put together: the container as the recorder made it."""
    chunks = part_files.read(folder(clip_id))
    return b"".join(chunks[number] for number in sorted(chunks))


def extension(mime: str) -> str:
    """The usual ending of a file of this type: `webm` for `audio/webm;codecs=opus`."""
    kind = mime.partition(";")[0].strip().lower()
    return {"audio/webm": "webm", "audio/mp4": "mp4", "audio/ogg": "ogg", "audio/wav": "wav"}.get(kind, "webm")


@pooled
def find(clip_id: uuid.UUID) -> Clip:
    """A clip with its meeting and room."""
    return Clip.objects.select_related("meeting__room", "participant").get(pk=clip_id)


@pooled
def retry(meeting_id: int) -> list[uuid.UUID]:
    """Send a meeting's failed clips on their way again; their ids."""
    failed = Clip.objects.filter(meeting_id=meeting_id, state=State.FAILED)
    again = [pk for pk in failed.values_list("pk", flat=True) if folder(pk).exists()]
    Clip.objects.filter(pk__in=again, state=State.FAILED).update(
        state=State.RECEIVED, lease_until=None, attempts=0, reason="", version=F("version") + 1
    )
    return again
