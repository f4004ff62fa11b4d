"""Record of a meeting: its lines with their translations, its files, and who may read it."""

import contextlib
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Q, QuerySet

from meet.clips import audio_files
from meet.models import Caption, Clip, Meeting, Participant, Room, Translation
from meet.rooms import rooms
from meet.translation import possible
from meet.translation.chinese_scripts import CHINESE, in_script
from meet.translation.provider import WHISPER

PREFIXES = ("combo_", "TW_combo_", "CN_combo_", "EN_combo_", "JP_combo_")  # of a meeting's files, as they are shown
RECORDING = ".flac"


@dataclass(frozen=True)
class Line:
    """One clip in the record. `language` is empty where nothing was understood, and then `text` is too.

    `translations` maps a language to its text, empty while it is waited for. `sound` is where its audio lies below
    media, or will lie: `audible` once it does.
    """

    clip: uuid.UUID
    speaker: str
    started_at: datetime
    state: str
    language: str
    text: str
    translations: Mapping[str, str]
    sound: str
    audible: bool
    seconds: float | None
    unheard: float  # seconds of its speech that no words were found for
    by: uuid.UUID  # whose name that is
    folded_into: uuid.UUID | None  # the line that stands for it: the same voice, through a nearer microphone
    by_speech_model: frozenset[str] = frozenset()  # the languages in which it has the speech model's words

    @property
    def failed(self) -> bool:
        """Whether nothing could be heard in a clip that should have had words."""
        return self.state == Clip.State.FAILED and not self.text

    @property
    def silent(self) -> bool:
        """Whether the clip has no speech."""
        return self.state == Clip.State.SILENT and not self.text

    @property
    def withdrawn(self) -> bool:
        """Whether its speaker took it back."""
        return self.state == Clip.State.WITHDRAWN

    def spoken_in(self) -> str:
        """The language the record has it in as spoken: Chinese is written Traditional."""
        return "zh-Hant" if self.language in CHINESE else self.language

    def into(self, language: str) -> str | None:
        """The text in a language: empty while it is waited for, None where nobody translates it."""
        if language == self.language:
            return self.text
        if language in CHINESE and self.language in CHINESE:
            return in_script(self.text, language)
        text = self.translations.get(language)
        if not text and language in CHINESE:
            other = next((self.translations.get(tag) for tag in CHINESE if self.translations.get(tag)), None)
            return in_script(other, language) if other else text
        return text


@dataclass(frozen=True)
class File:
    """A file of a meeting: its name, where it is served, and its size in bytes."""

    name: str
    path: str
    size: int


# what turns the direction of a line or ends it: a name or a text must do neither to its neighbours
_TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_BREAKING = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


def one_line(text: str) -> str:
    """A text without line breaks, control and direction-changing characters."""
    return _BREAKING.sub(" ", _TURNING.sub("", text)).strip()


def lines(meeting: Meeting) -> list[Line]:
    """A meeting's lines in the order they were spoken, with those that say nothing, or no more."""
    over = Q(state__in=(Clip.State.CAPTIONED, Clip.State.FAILED, Clip.State.SILENT)) | Q(caption__isnull=False)
    withdrawn = Q(withdrawn_at__isnull=False)
    return _lines(meeting, Clip.objects.filter(over | withdrawn, meeting=meeting))


def line(clip_id: uuid.UUID) -> Line:
    """One clip's line."""
    meeting = Meeting.objects.select_related("room").get(clips=clip_id)
    return _lines(meeting, Clip.objects.filter(pk=clip_id))[0]


def _lines(meeting: Meeting, spoken: QuerySet[Clip]) -> list[Line]:
    """The lines of these clips, in four queries whatever their number."""
    captions = Caption.objects.filter(clip__in=spoken)
    rows = captions.values_list("pk", "language", "text", "folded_into", "gaps")
    said = {pk: (language, text, into, gaps) for pk, language, text, into, gaps in rows}
    translated: dict[uuid.UUID, dict[str, str]] = {}
    modelled: dict[uuid.UUID, frozenset[str]] = {}
    others = Translation.objects.filter(caption__in=captions).values_list("caption_id", "language", "text", "provider")
    for pk, language, text, provider in others:
        spoken_in = said[pk][0] if pk in said else ""  # a caption of this very moment is read next time
        if text or possible(spoken_in, language):  # a promise whose translator was taken away is none
            translated.setdefault(pk, {})[language] = one_line(text)
        if text and provider == WHISPER:
            modelled[pk] = modelled.get(pk, frozenset()) | {language}
    names = {person.pk: one_line(person.name) for person in Participant.objects.filter(room_id=meeting.room_id)}
    found = []
    for clip in spoken.order_by("started_at", "participant_id", "number"):
        clip.meeting = meeting
        language, text, into, gaps = said.get(clip.pk, ("", "", None, []))
        found.append(
            Line(
                clip=clip.pk,
                speaker=names[clip.participant_id],
                started_at=clip.started_at,
                state=clip.state,
                language=language,
                text=one_line(text),
                translations=translated.get(clip.pk, {}),
                sound=clip.audio or audio_files.path_of(clip),
                audible=bool(clip.audio),
                seconds=None if clip.duration_ms is None else clip.duration_ms / 1000,
                unheard=sum(end - start for start, end in gaps) / 1000,
                by=clip.participant_id,
                folded_into=into if into in said else None,
                by_speech_model=modelled.get(clip.pk, frozenset()),
            )
        )
    return found


def files(meeting: Meeting) -> list[File]:
    """The files of a whole meeting that are there now: the one as spoken first, its recording last."""
    folder = settings.MEDIA_ROOT / meeting.room.slug / meeting.folder
    found = [path for prefix in PREFIXES for path in sorted(folder.glob(f"{prefix}*.txt"))]
    found += sorted(folder.glob(f"{PREFIXES[0]}*{RECORDING}"))
    return [File(path.name, f"{meeting.room.slug}/{meeting.folder}/{path.name}", path.stat().st_size) for path in found]


def may_read(meeting: Meeting, participant: Participant | None) -> bool:
    """Whether this participant took part in the meeting: its record is theirs to read, no earlier one."""
    return participant is not None and meeting.participants.filter(pk=participant.pk).exists()


def open_to(meeting: Meeting, user: AbstractBaseUser | AnonymousUser, session: rooms.Session) -> bool:
    """Whether a browser may have what was said in a meeting: staff's, or that of somebody who took part."""
    if user.is_active and getattr(user, "is_staff", False):
        return True
    return may_read(meeting, rooms.participant_of(meeting.room, session))


def owned_by(participant: Participant | None) -> set[uuid.UUID]:
    """Whose lines are a participant's own: theirs, and those of the sound they shared."""
    if participant is None:
        return set()
    shared = Participant.objects.filter(shared_by=participant).values_list("pk", flat=True)
    return {participant.pk, *shared}


def attended(room: Room, participant: Participant) -> list[Meeting]:
    """The room's meetings a participant took part in, the newest first."""
    return list(room.meetings.filter(participants=participant).select_related("room").order_by("-started_at"))


def in_folder(room: Room, folder: str) -> Meeting | None:
    """The room's meeting in this folder. PostgreSQL would not even be asked for a NUL."""
    return None if "\0" in folder else room.meetings.filter(folder=folder).select_related("room").first()


class NoSuchMeeting(LookupError):
    """No meeting goes by this name; the message says which one was asked for."""


def named(name: str) -> list[Meeting]:
    """The meetings a person means by an id, a room's address, a folder, or address/folder. Raises NoSuchMeeting."""
    room, _slash, folder = name.strip("/").rpartition("/")
    if room:
        which = Q(room__slug=room, folder=folder)
    else:
        which = Q(room__slug=folder) | Q(folder=folder)
        which |= Q(pk=int(folder)) if folder.isdecimal() else Q(pk=None)
    found = list(Meeting.objects.filter(which).select_related("room").order_by("started_at"))
    if not found:
        raise NoSuchMeeting(f"No meeting is called {name!r}: give its id, its room's address, or address/folder.")
    return found


def every_meeting(sought: str = "") -> QuerySet[Meeting]:
    """All meetings, the newest first; those of a room, with a person or of a day (2026-07-01) that is sought."""
    meetings = Meeting.objects.select_related("room").order_by("-started_at")
    if not sought:
        return meetings
    which = Q(room__name__icontains=sought) | Q(room__slug=sought)
    attended = Participant.objects.filter(name__icontains=sought).values("attended")
    which |= Q(pk__in=attended)
    with contextlib.suppress(ValueError):  # no day, then: a name
        which |= Q(started_at__date=date.fromisoformat(sought))
    return meetings.filter(which)
