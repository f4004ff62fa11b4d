"""Captions: one row a clip, with revisions, and the events that show it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from meet import event_numbers, translation
from meet.models import Caption, Translation
from meet.timestamps import to_ms
from meet.translation import chinese_scripts

EVIDENCE = 5  # a speaker's last captions say which language comes next,
EVIDENCE_FOR = timedelta(minutes=10)  # unless they are older than this


@dataclass(frozen=True)
class CaptionSource:
    """Who said something when, in which meeting: what a caption needs to know of its clip."""

    clip: uuid.UUID
    meeting: int
    speaker: uuid.UUID
    started_at: datetime


def settle(
    spoken: CaptionSource, language: str, text: str, english: str = "", *, gaps: Sequence[tuple[int, int]] = ()
) -> dict[str, Any]:
    """Write a clip's final caption, or a new revision of it, with what is known of its translations; its event.
    `english`: the text in English by the speech model, where it was asked for. `gaps`: speech that no words were
    found for, (start, end) in ms from the caption's start.

    In a transaction of the caller's, together with the clip's state.
    """
    event_numbers.hold(spoken.meeting)  # so that nobody changes the row between its reading and its writing
    caption = Caption.objects.filter(pk=spoken.clip).first()
    if caption is None:
        caption = Caption(
            clip_id=spoken.clip,
            meeting_id=spoken.meeting,
            participant_id=spoken.speaker,
            started_at=spoken.started_at,
            revision=0,
        )
    caption.revision += 1
    caption.folded_into = None  # what it says now is compared anew
    caption.language, caption.text = language, _written(language, text)
    caption.gaps = _listed(gaps)
    caption.seq = event_numbers.take(spoken.meeting)
    caption.save()
    caption.translations.all().delete()
    Translation.objects.bulk_create(
        Translation(
            caption=caption,
            revision=caption.revision,
            language=planned.language,
            text=planned.text,
            state=Translation.State.DONE if planned.text else Translation.State.WAITING,
            provider=planned.provider,
            next_try_at=translation.replace_at() if planned.stand_in else None,
        )
        for planned in translation.plan(language, caption.text, english)
    )
    return event_of(Caption.objects.select_related("participant").get(pk=spoken.clip))


def says(clip_id: uuid.UUID, language: str, text: str, gaps: Sequence[tuple[int, int]]) -> bool:
    """Whether a clip's caption says just that already."""
    said = Caption.objects.filter(pk=clip_id).values_list("language", "text", "gaps").first()
    return said == (language, _written(language, text), _listed(gaps))


def _written(language: str, text: str) -> str:
    return chinese_scripts.to_traditional(text) if language == "zh-Hant" else text


def _listed(gaps: Sequence[tuple[int, int]]) -> list[list[int]]:
    return [list(gap) for gap in gaps]


def languages_before(spoken: CaptionSource) -> list[str]:
    """The languages of the speaker's last captions in this meeting before a clip, newest last.

    Copies of somebody else's voice do not count. One query over ten minutes of the meeting's captions.
    """
    last = Caption.objects.filter(
        meeting=spoken.meeting,
        participant=spoken.speaker,
        started_at__gte=spoken.started_at - EVIDENCE_FOR,
        started_at__lt=spoken.started_at,
        folded_into=None,
    ).exclude(pk=spoken.clip)
    return list(last.order_by("-started_at").values_list("language", flat=True)[:EVIDENCE])[::-1]


def exists(clip_id: uuid.UUID) -> bool:
    """Whether a clip has a caption already."""
    return Caption.objects.filter(pk=clip_id).exists()


def withdraw(clip_id: uuid.UUID) -> bool:
    """A clip turned out to say nothing after all: its earlier caption goes. Whether there was one."""
    return bool(Caption.objects.filter(pk=clip_id).delete()[0])


def event_of(caption: Caption) -> dict[str, Any]:
    """A caption as the wire has it."""
    return {
        "meeting": caption.meeting_id,
        "seq": caption.seq,
        "clip": str(caption.pk),
        "speaker": str(caption.participant_id),
        "name": caption.participant.name,
        "started_at": to_ms(caption.started_at),
        "state": "final",
        "revision": caption.revision,
        "lang": caption.language,
        "text": caption.text,
        "gaps": caption.gaps,
        "folded_into": caption.folded_into_id and str(caption.folded_into_id),
        "translations": [
            {"lang": t.language, "state": t.state, "text": t.text, "revision": t.revision, "provider": t.provider}
            for t in sorted(caption.translations.all(), key=lambda t: t.language)  # prefetched: no query a line
            if t.text or translation.possible(caption.language, t.language)  # no promise nobody keeps any more
        ],
    }
