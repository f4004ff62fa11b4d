"""The promised translations as rows: which are due, who took them, and how they are kept."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from django.db import transaction
from django.db.models import F, Q, QuerySet, Window
from django.db.models.functions import DenseRank
from django.utils import timezone

from meet import events, meetings, sequence
from meet.models import Meeting, Translation
from meet.orm_pool import pooled
from meet.translation.provider import Ask
from meet.translation.scripts import CHINESE

LEASE = timedelta(seconds=30)  # longer than the chain of translators takes at its slowest
WAITING = Translation.State.WAITING


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

    @property
    def key(self) -> tuple[uuid.UUID, int, str]:
        """What makes it the same job."""
        return self.clip, self.revision, self.ask.target

    @property
    def ask(self) -> Ask:
        """The question: Chinese is asked for in Traditional."""
        return Ask(self.text, self.language, "zh-Hant" if self.targets[0] in CHINESE else self.targets[0])


@pooled
def of_clip(clip_id: uuid.UUID) -> list[Job]:
    """What is due of one caption."""
    return _jobs(list(_due(timezone.now()).filter(caption_id=clip_id)))


@pooled
def due(besides: frozenset[uuid.UUID], at_most: int) -> list[Job]:
    """What is due of all captions but these, at most so many rows: rooms take turns, each with its oldest speech."""
    turn = Window(
        DenseRank(),
        partition_by=F("caption__meeting__room_id"),
        order_by=[F("caption__started_at").asc(), F("caption_id").asc()],
    )
    waiting = _due(timezone.now()).exclude(caption_id__in=besides).annotate(turn=turn)
    rows = list(waiting.order_by("turn", "caption__started_at", "caption_id", "language")[:at_most])
    if len(rows) == at_most:
        # the last caption may be cut in two, and its Chinese scripts must come from one answer
        rows = [row for row in rows if row.caption_id != rows[-1].caption_id] or rows
    return _jobs(rows)


@pooled
def take(job: Job) -> bool:
    """Take a job before working on it, so that no other process does. It comes back when the lease runs out."""
    now = timezone.now()
    free = _rows(job).filter(Q(next_try_at=None) | Q(next_try_at__lte=now))
    return bool(free.update(attempts=F("attempts") + 1, next_try_at=now + LEASE))


@pooled
def postpone(job: Job, pause: timedelta, *, tried: bool = True) -> None:
    """Give a job back, to be tried again after a while. What was not really tried does not count."""
    _rows(job).update(next_try_at=timezone.now() + pause, attempts=F("attempts") - (0 if tried else 1))


@pooled
def settle(job: Job, texts: dict[str, str], provider: str) -> list[str]:
    """Write an answer, each row with a number of its own; the events that tell of it.

    A row that meanwhile belongs to a newer revision of the caption, or is done, stays as it is.
    """
    told = []
    with transaction.atomic():
        sequence.hold(job.meeting)  # first, as a new revision does: else two could wait for each other
        for language, text in texts.items():
            row = _rows(job).filter(language=language, caption__revision=job.revision)
            if row.update(state=Translation.State.DONE, text=text, provider=provider, next_try_at=None):
                told.append(_event(job, sequence.take(job.meeting), language, text))
    return told


@pooled
def is_shown(job: Job) -> bool:
    """Whether the room's page shows the job's meeting now."""
    meeting = Meeting.objects.filter(pk=job.meeting).first()
    return meeting is not None and meetings.shown_live(meeting, timezone.now())


def _event(job: Job, seq: int, language: str, text: str) -> str:
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
    )


def _due(now: datetime) -> QuerySet[Translation]:
    waiting = Translation.objects.filter(Q(next_try_at=None) | Q(next_try_at__lte=now), state=WAITING)
    return waiting.select_related("caption__meeting").order_by("caption__started_at", "caption_id", "language")


def _rows(job: Job) -> QuerySet[Translation]:
    return Translation.objects.filter(
        caption_id=job.clip, language__in=job.targets, state=WAITING, revision=job.revision
    )


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
    )
