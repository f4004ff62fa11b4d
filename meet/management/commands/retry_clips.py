"""`manage.py retry_clips`: a meeting's failed clips go on their way again."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from meet import clips, record


class Command(BaseCommand):
    """Failed clips become received again: the running server picks them up within seconds."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which meeting."""
        parser.add_argument("meeting", metavar="MEETING", help="an id, a room's address, or address/folder")

    def handle(self, *args: Any, **options: Any) -> None:
        """Say how many there were."""
        try:
            meetings = record.named(options["meeting"])
        except record.NoSuchMeeting as error:
            raise CommandError(str(error)) from error
        again = [clip for meeting in meetings for clip in clips.retry.__wrapped__(meeting.pk)]  # type: ignore[attr-defined]
        self.stdout.write(f"{len(again)} failed clips are on their way again")
