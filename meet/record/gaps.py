"""Gap: a clip without words that should have had some, as the socket and the pages show it."""

from typing import Any

from meet.models import Clip
from meet.timestamps import to_ms


def gap(clip: Clip) -> dict[str, Any]:
    """A clip without words that should have had some, as the wire has it."""
    return {**without_words(clip), "reason": clip.reason}


def without_words(clip: Clip) -> dict[str, Any]:
    """What a line that shows no words says of its clip: who spoke, and when."""
    return {
        "meeting": clip.meeting_id,
        "clip": str(clip.pk),
        "speaker": str(clip.participant_id),
        "name": clip.participant.name,
        "started_at": to_ms(clip.started_at),
    }
