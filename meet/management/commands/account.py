"""`manage.py account MEETING`: every clip spoken and its state; exit 1 if one is unaccounted for."""

import sys
from collections import Counter
from typing import Any

from django.utils import timezone

from meet.clips import audit
from meet.clips.audit import AuditEntry
from meet.management.of_meeting import MeetingCommand
from meet.models import Meeting
from meet.record import record


class Command(MeetingCommand):
    """Print the account of a meeting, or of all meetings of a room."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a table a meeting; exit 1 where a clip is unaccounted for."""
        unaccounted = sum([self._print(meeting) for meeting in self.meetings(options)])
        if unaccounted:
            self.stderr.write(f"{unaccounted} unaccounted for")
            sys.exit(1)

    def _print(self, meeting: Meeting) -> int:
        """One meeting's table; how many of its clips are unaccounted for."""
        entries = audit.of_meeting(meeting, timezone.now())
        self.stdout.write(f"{meeting.room.slug}/{meeting.folder}")
        self.stdout.write(f"  {'speaker':<20} {'number':>6}  {'state':<10} {'begins':<19} {'seconds':>7}  unaccounted")
        for entry in entries:
            self.stdout.write(_row(entry))
        counts = Counter(entry.state or "missing" for entry in entries)
        summary = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
        self.stdout.write(f"  {len(entries)} clips: {summary or 'none'}")
        return sum(1 for entry in entries if entry.missing)


def _row(entry: AuditEntry) -> str:
    begins = f"{timezone.localtime(entry.started_at):%Y-%m-%d %H:%M:%S}" if entry.started_at else "-"
    seconds = "-" if entry.seconds is None else f"{entry.seconds:.1f}"
    name = record.one_line(entry.speaker)[:20]
    return f"  {name:<20} {entry.number:>6}  {entry.state or '-':<10} {begins:<19} {seconds:>7}  {entry.missing}"
