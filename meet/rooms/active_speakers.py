"""Active speakers: who is speaking now, as rows that expire when their connection is gone."""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from meet.models import Connection, Voice
from meet.orm_pool import pooled
from meet.rooms import presence
from meet.timestamps import from_ms

MARGIN = timedelta(seconds=5)  # beyond a clip's greatest length: then it is over, whoever did not say so


class SpeakingIndicators:
    """The clips that are being spoken on one connection. Each change answers whether their speaker speaks now."""

    def __init__(self, connection: uuid.UUID) -> None:
        self._connection = connection
        self._clips: dict[uuid.UUID, tuple[uuid.UUID, datetime]] = {}

    async def begin(self, clip: uuid.UUID, speaker: uuid.UUID, spoken_at: float) -> bool:
        """A clip was opened; its speech began at `spoken_at` (ms). One that is sent again late is spoken no more."""
        self._clips[clip] = speaker, from_ms(spoken_at) + timedelta(seconds=settings.CLIP_MAX_SECONDS) + MARGIN
        return await self._tell(speaker)

    async def end(self, clip: uuid.UUID, speaker: uuid.UUID) -> bool:
        """A clip is over. After a cut the next one has begun already."""
        self._clips.pop(clip, None)
        return await self._tell(speaker)

    async def close(self) -> dict[uuid.UUID, bool]:
        """The connection is gone, and its rows with it: of each who spoke on it, whether they speak elsewhere."""
        speakers = {speaker for speaker, _until in self._clips.values()}
        self._clips.clear()
        return {speaker: await _speaks(speaker) for speaker in speakers}

    async def _tell(self, speaker: uuid.UUID) -> bool:
        now = timezone.now()
        self._clips = {clip: voice for clip, voice in self._clips.items() if voice[1] > now}
        ends = [until for who, until in self._clips.values() if who == speaker]
        return await _keep(self._connection, speaker, max(ends, default=None))


@pooled
def now_in(room_ids: Iterable[int]) -> dict[int, list[str]]:
    """Who speaks in each of these rooms now."""
    speaking: dict[int, list[str]] = {room_id: [] for room_id in room_ids}
    rows = _live().filter(participant__room_id__in=list(speaking)).order_by("participant_id")
    for room_id, speaker in rows.values_list("participant__room_id", "participant_id").distinct():
        speaking[room_id].append(str(speaker))
    return speaking


@pooled
def _keep(connection_id: uuid.UUID, speaker_id: uuid.UUID, until: datetime | None) -> bool:
    with transaction.atomic():
        if until is None:
            Voice.objects.filter(connection_id=connection_id, participant_id=speaker_id).delete()
        elif Connection.objects.filter(pk=connection_id).exists():
            Voice.objects.update_or_create(
                connection_id=connection_id, participant_id=speaker_id, defaults={"until": until}
            )
    return _live().filter(participant_id=speaker_id).exists()


@pooled
def _speaks(speaker_id: uuid.UUID) -> bool:
    return _live().filter(participant_id=speaker_id).exists()


def _live() -> QuerySet[Voice]:
    now = timezone.now()
    return Voice.objects.filter(presence.is_live(now, "connection__"), until__gt=now)
