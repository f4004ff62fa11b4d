"""Audit of a meeting: every clip that was spoken, its state, and what is missing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from meet.models import Caption, Clip, Meeting

UNDER_WAY = timedelta(minutes=1)  # how long a clip may be on its way before it counts as lost
State = Clip.State


@dataclass(frozen=True)
class AuditEntry:
    """One clip, or a number in a speaker's sequence that none has. `missing` says what is wrong; empty: nothing."""

    speaker: str
    number: int
    state: str
    started_at: datetime | None
    seconds: float | None
    missing: str


def of_meeting(meeting: Meeting, now: datetime) -> list[AuditEntry]:
    """A meeting's clips by speaker and number, and the numbers that no clip has."""
    clips = Clip.objects.filter(meeting=meeting).select_related("participant").order_by("participant_id", "number")
    captioned = set(Caption.objects.filter(meeting=meeting).values_list("pk", flat=True))
    by_speaker: dict[object, list[Clip]] = {}
    for clip in clips:
        by_speaker.setdefault(clip.participant_id, []).append(clip)
    entries = []
    for own in by_speaker.values():
        taken: set[int] = set()
        for clip in own:
            entries.append(_entry(clip, captioned=clip.pk in captioned, twice=clip.number in taken, now=now))
            taken.add(clip.number)
        entries += _gaps(own)
    return sorted(entries, key=lambda entry: (entry.speaker, entry.number))


def _entry(clip: Clip, *, captioned: bool, twice: bool, now: datetime) -> AuditEntry:
    missing = "its number was given twice" if twice else _missing(clip, captioned=captioned, now=now)
    seconds = None if clip.duration_ms is None else clip.duration_ms / 1000
    return AuditEntry(clip.participant.name, clip.number, clip.state, clip.started_at, seconds, missing)


def _missing(clip: Clip, *, captioned: bool, now: datetime) -> str:
    """What is wrong with a clip; empty where it is accounted for."""
    if clip.state in (State.RECEIVING, State.RECEIVED):
        since = clip.received_at or clip.opened_at
        return f"{clip.state} for over a minute" if since < now - UNDER_WAY else ""
    if clip.state == State.CAPTIONED and not captioned:
        return "its caption is missing"
    if clip.state != State.CAPTIONED and captioned:
        return f"{clip.state}, but there is a caption"
    if clip.audio and not (settings.MEDIA_ROOT / clip.audio).is_file():
        return "its audio file is missing"
    if clip.state == State.CAPTIONED and not clip.audio and (clip.received_at or clip.opened_at) < now - UNDER_WAY:
        return "its audio was not written"
    return ""


def _gaps(own: list[Clip]) -> list[AuditEntry]:
    """The numbers a speaker gave to no clip that came: between the last one before this meeting and the last in it."""
    speaker, first, last = own[0].participant, own[0].number, own[-1].number
    elsewhere = speaker.clips.exclude(meeting=own[0].meeting_id)
    held = {clip.number for clip in own} | set(elsewhere.values_list("number", flat=True))
    begin = max((number for number in held if number < first), default=-1) + 1
    return [
        AuditEntry(speaker.name, number, "", None, None, "it never came")
        for number in range(begin, last)
        if number not in held
    ]
