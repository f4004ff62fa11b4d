"""Translation jobs as rows: which are due, their leases, and their results."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from django.db import transaction
from django.db.models import F, Q, QuerySet, Window
from django.db.models.functions import DenseRank
from django.utils import timezone

from meet import event_numbers, events
from meet.models import Clip, Meeting, Translation
from meet.orm_pool import pooled
from meet.rooms import meetings
from meet.translation.chinese_scripts import CHINESE
from meet.translation.provider import WHISPER, TranslationRequest

LEASE = timedelta(seconds=30)  # renewed while somebody works on it; what a killed process held is free after it
REPLACED_WITHIN = timedelta(hours=1)  # of older speech, what the speech model has translated stays
WAITING = Q(state=Translation.State.WAITING)
STANDING_IN = Q(state=Translation.State.DONE, provider=WHISPER, next_try_at__isnull=False)


@dataclass(frozen=True)
class Job:
    """One question to a translator and the rows its answer fills: both Chinese scripts come from one answer."""

    clip: uuid.UUID
    meeting: int
    room: int
    revision: int
    language: str
    targets: tuple[str, ...]
    attempts: int
    text: str = field(repr=False)
    stand_in: bool = False  # it has the speech model's words, until a translator gives better ones

    @property
    def key(self) -> tuple[uuid.UUID, int, str]:
        """What makes it the same job."""
        return self.clip, self.revision, self.ask.target

    @property
    def ask(self) -> TranslationRequest:
        """The question: Chinese is asked for in Traditional."""
        return TranslationRequest(
            self.text, self.language, "zh-Hant" if self.targets[0] in CHINESE else self.targets[0]
        )


@pooled
def of_clip(clip_id: uuid.UUID) -> list[Job]:
    """What is due of one caption."""
    return _jobs(list(_due(timezone.now()).filter(caption_id=clip_id)))


@pooled
def due(besides: frozenset[uuid.UUID], at_most: int, language: str = "") -> list[Job]:
    """What is due of all captions but these, in this language or in all, at most so many rows: rooms take turns, each
    with its oldest speech."""
    turn = Window(
        DenseRank(),
        partition_by=F("caption__meeting__room_id"),
        order_by=[F("caption__started_at").asc(), F("caption_id").asc()],
    )
    waiting = _due(timezone.now()).exclude(caption_id__in=besides).annotate(turn=turn)
    if language:
        waiting = waiting.filter(language=language)
    rows = list(waiting.order_by("turn", "caption__started_at", "caption_id", "language")[:at_most])
    if len(rows) == at_most:
        # the last caption may be cut in two, and its Chinese scripts must come from one answer
        rows = [row for row in rows if row.caption_id != rows[-1].caption_id] or rows
    return _jobs(rows)


@pooled
def stand_ins(besides: frozenset[uuid.UUID], at_most: int) -> list[Job]:
    """Lines that the speech model has translated and a translator is due to, the newest first."""
    now = timezone.now()
    rows = Translation.objects.filter(
        STANDING_IN, next_try_at__lte=now, caption__started_at__gte=now - REPLACED_WITHIN
    ).exclude(caption_id__in=besides)
    return [_job([row]) for row in rows.select_related("caption__meeting").order_by("-caption__started_at")[:at_most]]


@pooled
def take(job: Job) -> datetime | None:
    """Take a job before working on it, so that no other process does: until when it is held. None where another has
    it, or it is done."""
    now = timezone.now()
    free = _rows(job).filter(Q(next_try_at=None) | Q(next_try_at__lte=now))
    return now + LEASE if free.update(attempts=F("attempts") + 1, next_try_at=now + LEASE) else None


@pooled
def renew(job: Job, until: datetime) -> datetime | None:
    """Hold a job longer that is held until then: until when. None where it is done, or was lost to another."""
    later = timezone.now() + LEASE
    return later if _rows(job).filter(next_try_at=until).update(next_try_at=later) else None


@pooled
def postpone(job: Job, until: datetime, pause: timedelta, *, tried: bool = True) -> None:
    """Give a job back that is held until then, to be tried again after a while. What was not really tried does not
    count."""
    held = _rows(job).filter(next_try_at=until)
    held.update(next_try_at=timezone.now() + pause, attempts=F("attempts") - (0 if tried else 1))


@pooled
def give_up(job: Job, until: datetime) -> None:
    """Take back a promise that nobody can keep, of a job that is held until then. Its meeting gets a number, so that
    the files no longer wait for it."""
    with transaction.atomic():
        event_numbers.hold(job.meeting)
        if _rows(job).filter(next_try_at=until).delete()[0]:
            event_numbers.take(job.meeting)


@pooled
def settle(job: Job, texts: dict[str, str], provider: str, again_at: datetime | None = None) -> list[str]:
    """Write an answer, each row with a number of its own; the events that tell of it. `again_at`: when a translator is
    asked again, where the answer only stands in for one.

    A row that meanwhile belongs to a newer revision of the caption, or is done, stays as it is; but a translator's
    words come in place of the speech model's.
    """
    fillable = WAITING if provider == WHISPER else WAITING | STANDING_IN
    told = []
    with transaction.atomic():
        event_numbers.hold(job.meeting)  # first, as a new revision does: else two could wait for each other
        for language, text in texts.items():
            row = _revision(job).filter(fillable, language=language, caption__revision=job.revision)
            if row.update(state=Translation.State.DONE, text=text, provider=provider, next_try_at=again_at):
                told.append(_event(job, event_numbers.take(job.meeting), language, text, provider))
    return told


@pooled
def is_shown(job: Job) -> bool:
    """Whether the room's page shows the job's meeting now."""
    meeting = Meeting.objects.filter(pk=job.meeting).first()
    return meeting is not None and meetings.shown_live(meeting, timezone.now())


def _event(job: Job, seq: int, language: str, text: str, provider: str) -> str:
    clip, done = str(job.clip), Translation.State.DONE.value
    return events.encode(
        "translation",
        meeting=job.meeting,
        seq=seq,
        clip=clip,
        revision=job.revision,
        lang=language,
        state=done,
        text=text,
        provider=provider,
    )


def _due(now: datetime) -> QuerySet[Translation]:
    """Of what is being heard nothing is due: its line may change in a moment, and the question would be wasted. Whoever
    hears it holds a lease, so that ends, whatever becomes of them."""
    waiting = Translation.objects.filter(Q(next_try_at=None) | Q(next_try_at__lte=now), WAITING)
    being_heard = Q(caption__clip__state=Clip.State.RECEIVED, caption__clip__lease_until__gt=now)
    waiting = waiting.exclude(being_heard)
    return waiting.select_related("caption__meeting").order_by("caption__started_at", "caption_id", "language")


def _rows(job: Job) -> QuerySet[Translation]:
    """What is to be filled by a job."""
    return _revision(job).filter(STANDING_IN if job.stand_in else WAITING)


def _revision(job: Job) -> QuerySet[Translation]:
    return Translation.objects.filter(caption_id=job.clip, language__in=job.targets, revision=job.revision)


def _jobs(rows: Sequence[Translation]) -> list[Job]:
    def of_one_answer(row: Translation) -> tuple[uuid.UUID, str]:
        return row.caption_id, "zh" if row.language in CHINESE else row.language

    # in the order of their languages the two Chinese scripts stand side by side
    return [_job(list(group)) for _key, group in groupby(rows, of_one_answer)]


def _job(rows: list[Translation]) -> Job:
    caption = rows[0].caption
    return Job(
        clip=caption.pk,
        meeting=caption.meeting_id,
        room=caption.meeting.room_id,
        revision=rows[0].revision,
        language=caption.language,
        targets=tuple(row.language for row in rows),
        attempts=rows[0].attempts,
        text=caption.text,
        stand_in=rows[0].state == Translation.State.DONE,
    )
