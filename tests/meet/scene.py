"""Who plays in the tests: a room with a meeting in it, its people, and what they say."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction

from meet.models import Caption, Clip, Meeting, Participant, Room, Translation
from meet.record import captions
from meet.rooms import meetings, rooms

Gap = tuple[int, int]
STARTED = datetime(2026, 1, 2, 2, 3, 27, tzinfo=UTC)


@dataclass
class Scene:
    """A room where Alice, the host, is in a meeting. Sessions are plain dicts here."""

    room: Room
    meeting: Meeting
    alice: Participant
    sessions: dict[uuid.UUID, dict] = field(default_factory=dict)

    def join(self, name: str, *, attending: bool = True) -> Participant:
        """Somebody more in the room, and in its meeting unless they came too late for it."""
        session: dict = {}
        person = rooms.join(self.room, name, session)
        self.sessions[person.pk] = session
        if attending:
            self.meeting.participants.add(person)
        return person

    def clip(self, by: Participant | None = None, after: float = 0.0, **fields) -> Clip:
        """A clip of somebody's speech, `after` seconds from the meeting's start, with its audio on disk."""
        by = by or self.alice
        number = fields.pop("number", by.clips.count())
        started_at = self.meeting.started_at + timedelta(seconds=after)
        key = uuid.uuid4()
        audio = (
            f"{self.room.slug}/{self.meeting.folder}/clips/{started_at:%Y%m%d-%H%M%S}-{number:04d}-{key.hex[:8]}.flac"
        )
        path = settings.MEDIA_ROOT / audio
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"fLaC" + b"".join(n.to_bytes(4, "big") for n in range(256)))
        return Clip.objects.create(
            pk=key,
            meeting=self.meeting,
            participant=by,
            number=number,
            started_at=started_at,
            **{"state": Clip.State.CAPTIONED, "audio": audio, "mime": "audio/webm", "duration_ms": 2000, **fields},
        )

    def say(self, text: str, language: str = "zh-Hant", by: Participant | None = None, after: float = 0.0) -> Caption:
        """A clip and its caption, as the pipeline leaves them."""
        clip = self.clip(by, after)
        return self.settle(clip, text, language)

    def settle(self, clip: Clip, text: str, language: str = "zh-Hant", gaps: Sequence[Gap] = ()) -> Caption:
        """The caption of a clip, or a new revision of it; `gaps` in it, ms."""
        with transaction.atomic():
            spoken = captions.CaptionSource(clip.pk, clip.meeting_id, clip.participant_id, clip.started_at)
            captions.settle(spoken, language, text, gaps=gaps)
        return Caption.objects.select_related("clip").get(pk=clip.pk)


def make_scene(name: str = "週會", started_at: datetime = STARTED) -> Scene:
    """A new room with an open meeting and Alice in it."""
    session: dict = {}
    room, _secret = rooms.make(name, session)
    alice = rooms.join(room, "Alice", session)
    meeting = meetings.begin(room.pk, alice, started_at)
    return Scene(room, meeting, alice, {alice.pk: session})


def translations(caption: Caption) -> dict[str, str]:
    """What has come of a caption's translations: language to text; empty while it waits."""
    return dict(Translation.objects.filter(caption=caption).values_list("language", "text"))
