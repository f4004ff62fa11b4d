"""Snapshot of a room: the newest captions, gaps and messages, for pages that join late or missed an event."""

from meet.events import encode
from meet.orm_pool import pooled
from meet.record import lines
from meet.rooms.meetings import open_in


@pooled
def of_room(room_id: int) -> str:
    """The room's snapshot, encoded. `seq` is read first: what happens meanwhile comes again rather than never."""
    meeting = open_in(room_id)
    if meeting is None:
        nothing = {"captions": [], "messages": [], "more": False, "more_messages": False}
        return encode("snapshot", meeting=None, seq=0, **nothing)
    spoken = lines.page(meeting.pk, lines.LinesQuery("captions"))
    written = lines.page(meeting.pk, lines.LinesQuery("messages"))
    return encode(
        "snapshot",
        meeting=meeting.pk,
        seq=meeting.seq,
        captions=spoken.lines,
        messages=written.lines,
        more=spoken.more,
        more_messages=written.more,
    )
