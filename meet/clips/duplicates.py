"""Duplicate lines: the same voice through two microphones is shown once, and can be separated again.

One of them, the one of the louder microphone, stands for all; the others are its copies, `folded_into` it.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from meet import event_numbers
from meet.clips import audio, text_similarity
from meet.events import BadEvent, encode
from meet.models import Caption, Clip, Participant
from meet.orm_pool import pooled

ALIKE = 0.7  # of two recordings: one voice through two microphones has 0.76 and more, two voices hardly 0.67
BESIDE = 0.5  # of the shorter line's time must be the other one's too
REPLAYED_AFTER = timedelta(seconds=60)  # a clip that is begun so long after another was there is no second microphone's
LONGEST = timedelta(seconds=60)  # no clip that is looked for began so much earlier and still goes on


@dataclass(frozen=True)
class CandidateLine:
    """A line that may have a copy: when it was, where its sound lies, and the very words that were looked at."""

    clip: uuid.UUID
    started_at: datetime
    seconds: float
    audio: str
    revision: int
    text: str
    opened_at: datetime
    received_at: datetime | None

    def later_ms(self, than: "CandidateLine") -> float:
        """By how much it began later."""
        return (self.started_at - than.started_at).total_seconds() * 1000

    def beside(self, other: "CandidateLine") -> bool:
        """Whether the two lie so much in the same time that they may be one."""
        later = self.later_ms(other) / 1000
        common = min(other.seconds, later + self.seconds) - max(0.0, later)
        return common >= BESIDE * min(self.seconds, other.seconds) > 0

    def replayed(self, other: "CandidateLine") -> bool:
        """Whether it came in only when the other one had long been there, for all to hear."""
        return other.received_at is not None and self.opened_at > other.received_at + REPLAYED_AFTER


async def consider(clip_id: uuid.UUID) -> list[str]:
    """Look whether a captioned clip is another's voice, or another is its; the events that tell of it."""
    told: list[str] = []
    line, others = await _doubles(clip_id)
    for other in others:
        found = await audio.compare(line.audio, other.audio, other.later_ms(line)) if line else None
        if line and found and found.likeness >= ALIKE:
            told += await _fold(*_by_nearness(line, other, found.louder))
    await _considered(clip_id)
    return told


def _by_nearness(line: CandidateLine, other: CandidateLine, louder: float) -> tuple[CandidateLine, CandidateLine]:
    """Which of them stands for both, and which is the copy.

    Never one that was sent long after the other: who sends somebody's own sound again, only louder, would have that
    person's line under theirs, and withdraw it.
    """
    if line.replayed(other) or other.replayed(line):
        return (other, line) if line.replayed(other) else (line, other)
    return (line, other) if (louder, other.clip) > (0, line.clip) else (other, line)


@pooled
def unfold(clip_id: uuid.UUID, participant_id: uuid.UUID) -> list[str]:
    """Show a copy as a line of its own, to everybody and for good; the events that tell of it. Raises BadEvent."""
    with transaction.atomic():
        caption = Caption.objects.filter(pk=clip_id).select_related("participant").first()
        if caption is None or caption.folded_into_id is None:
            return []  # somebody was faster
        _check(caption, participant_id)
        event_numbers.hold(caption.meeting_id)
        if not Caption.objects.filter(pk=clip_id, folded_into__isnull=False).update(folded_into=None, apart=True):
            return []
        return [_event(caption, None)]


def release(clip_id: uuid.UUID) -> list[str]:
    """A line goes, or says something else: the first of its copies stands for the others now.

    In a transaction of the caller's, who holds the meeting. The events that tell of it.
    """
    copies = list(Caption.objects.filter(folded_into=clip_id).order_by("started_at", "pk"))
    heads = [None, *(copies[0].pk for _one in copies[1:])]
    for copy, head in zip(copies, heads, strict=False):
        Caption.objects.filter(pk=copy.pk).update(folded_into=head)
    return [_event(copy, head) for copy, head in zip(copies, heads, strict=False)]


def copies_of(clip_id: uuid.UUID) -> list[uuid.UUID]:
    """The clips folded into one."""
    return list(Caption.objects.filter(folded_into=clip_id).values_list("pk", flat=True))


@pooled
def unconsidered() -> list[uuid.UUID]:
    """Captioned clips with their sound on disk that nobody has looked at: a crash came between."""
    waiting = Clip.objects.filter(state=Clip.State.CAPTIONED, compared=False).exclude(audio="")
    return list(waiting.values_list("pk", flat=True)[:50])


@pooled
def _considered(clip_id: uuid.UUID) -> None:
    Clip.objects.filter(pk=clip_id, state=Clip.State.CAPTIONED).exclude(audio="").update(compared=True)


@pooled
def _doubles(clip_id: uuid.UUID) -> tuple[CandidateLine | None, list[CandidateLine]]:
    """The line, and those of others at the same time that say nearly the same."""
    caption = Caption.objects.filter(pk=clip_id, apart=False).exclude(clip__audio="").select_related("clip").first()
    if caption is None or not text_similarity.long_enough(caption.text):
        return None, []
    line = _heard(caption)
    nearby = Caption.objects.filter(
        meeting=caption.meeting_id,
        apart=False,
        started_at__gt=caption.started_at - LONGEST,
        started_at__lt=caption.started_at + timedelta(seconds=line.seconds),
    ).exclude(Q(clip__audio="") | Q(participant=caption.participant_id))
    others = [_heard(other) for other in nearby.select_related("clip").order_by("started_at", "pk")]
    return line, [one for one in others if line.beside(one) and text_similarity.near(line.text, one.text)]


def _heard(caption: Caption) -> CandidateLine:
    clip = caption.clip
    seconds = (clip.duration_ms or 0) / 1000
    text = caption.revision, caption.text
    return CandidateLine(caption.pk, clip.started_at, seconds, clip.audio, *text, clip.opened_at, clip.received_at)


@pooled
def _fold(nearer: CandidateLine, further: CandidateLine) -> list[str]:
    """Have the further one, and what was folded into it, stand under the nearer one, or the one that stands for it."""
    with transaction.atomic():
        sample = Caption.objects.filter(pk=nearer.clip).first()
        if sample is None:
            return []
        event_numbers.hold(sample.meeting_id)
        lines = {line.pk: line for line in Caption.objects.filter(pk__in=(nearer.clip, further.clip), apart=False)}
        if any(one.clip not in lines or lines[one.clip].revision != one.revision for one in (nearer, further)):
            return []  # withdrawn, taken apart or heard anew meanwhile: it comes again if need be
        head, old = (lines[one.clip].folded_into_id or one.clip for one in (nearer, further))
        if head == old:
            return []
        moved = list(Caption.objects.filter(Q(pk=old) | Q(folded_into=old)).order_by("started_at", "pk"))
        Caption.objects.filter(pk__in=[line.pk for line in moved]).update(folded_into=head)
        return [_event(line, head) for line in moved]


def _check(caption: Caption, participant_id: uuid.UUID) -> None:
    """Whose voice it is, through either microphone, may say so, and the host. Raises BadEvent."""
    concerned = Q(pk__in=Caption.objects.filter(pk__in=(caption.pk, caption.folded_into_id)).values("participant"))
    if Participant.objects.filter(
        Q(is_host=True) | concerned | Q(shared_sound__in=Participant.objects.filter(concerned)),
        pk=participant_id,
        room=caption.participant.room_id,
    ).exists():
        return
    raise BadEvent("not_your_fold", _("Only the host or the two speakers can separate these lines."))


def _event(caption: Caption, head: uuid.UUID | None) -> str:
    seq = event_numbers.take(caption.meeting_id)
    into = None if head is None else str(head)
    return encode("folded", meeting=caption.meeting_id, seq=seq, clip=str(caption.pk), into=into)
