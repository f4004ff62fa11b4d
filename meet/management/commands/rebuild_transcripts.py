"""`manage.py rebuild_transcripts`: write the files of meetings anew, from the database."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from meet import record, transcripts


class Command(BaseCommand):
    """Rebuild the combo_ files and the texts beside the clips."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which meetings."""
        parser.add_argument("meetings", nargs="*", metavar="MEETING", help="an id, a room's address, or address/folder")
        parser.add_argument("--all", action="store_true", help="every meeting there is")

    def handle(self, *args: Any, **options: Any) -> None:
        """Rebuild, one line a meeting."""
        if options["all"] == bool(options["meetings"]):
            raise CommandError("Name the meetings, or say --all.")
        try:
            chosen = (
                list(record.every_meeting())
                if options["all"]
                else [meeting for name in options["meetings"] for meeting in record.named(name)]
            )
        except record.NoSuchMeeting as error:
            raise CommandError(str(error)) from error
        for meeting in chosen:
            lines = transcripts.rebuild(meeting.pk)
            if options["verbosity"]:
                self.stdout.write(f"{meeting.room.slug}/{meeting.folder}: {lines} clips")
