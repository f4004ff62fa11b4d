"""Gap: a clip without words that should have had some, as the socket and the pages show it."""

from typing import Any

from meet.models import Clip
from meet.timestamps import to_ms


def gap(clip: Clip) -> dict[str, Any]:
    """A clip without words that should have had some, as the wire has it."""
    return {
        "meeting": clip.meeting_id,
        "clip": str(clip.pk),
        "speaker": str(clip.participant_id),
        "name": clip.participant.name,
        "started_at": to_ms(clip.started_at),
        "reason": clip.reason,
    }
