"""`manage.py retry_clips MEETING`: a meeting's failed clips go on their way again."""

from typing import Any

from meet.clips import clips
from meet.management.of_meeting import MeetingCommand


class Command(MeetingCommand):
    """Failed clips become received again: the running server picks them up within seconds."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        """Say how many there were."""
        again = [clip for meeting in self.meetings(options) for clip in clips.retry.__wrapped__(meeting.pk)]
        self.stdout.write(f"{len(again)} failed clips are on their way again")
