"""What somebody who comes late, or missed an event, needs to see: the newest captions, gaps and messages of a room."""

from typing import Any

from meet import captions, messages
from meet.events import encode
from meet.meetings import open_in
from meet.models import Caption, Clip
from meet.orm_pool import pooled
from meet.pipeline import gap


@pooled
def of_room(room_id: int) -> str:
    """The room's snapshot, encoded. `seq` is read first: what happens meanwhile comes again rather than never."""
    meeting = open_in(room_id)
    if meeting is None:
        return encode("snapshot", meeting=None, seq=0, captions=[], messages=[], more=False)
    lines = captions.snapshot(meeting.pk)
    return encode(
        "snapshot",
        meeting=meeting.pk,
        seq=meeting.seq,
        captions=[{"type": "caption", **line} for line in lines] + _gaps(meeting.pk),
        messages=[{"type": "message", **line} for line in messages.snapshot(meeting.pk)],
        more=Caption.objects.filter(meeting=meeting).count() > len(lines),
    )


def _gaps(meeting_id: int) -> list[dict[str, Any]]:
    failed = Clip.objects.filter(meeting_id=meeting_id, state=Clip.State.FAILED).select_related("participant")
    newest = failed.order_by("-started_at")[: captions.SNAPSHOT]
    return [{"type": "gap", **gap(clip)} for clip in newest]
