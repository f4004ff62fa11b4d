"""`manage.py rebuild_transcripts`: write the files of meetings anew, from the database."""

import asyncio
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from meet.models import Meeting
from meet.record import record, recording, transcript_files


class Command(BaseCommand):
    """Rebuild the combo_ files, the texts beside the clips and, of a meeting that is over, its recording."""

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
            lines, whole = transcript_files.rebuild(meeting.pk), _recording(meeting)
            if options["verbosity"]:
                self.stdout.write(f"{meeting.room.slug}/{meeting.folder}: {lines} clips, {whole}")


def _recording(meeting: Meeting) -> str:
    """Make a meeting's recording anew, and say what there is of it."""
    if meeting.ended_at is None:
        return "no recording before its end"
    try:
        asyncio.run(recording.rebuild(meeting.pk))
    except recording.RecordingFailed as why:
        raise CommandError(f"The recording of {meeting.room.slug}/{meeting.folder} could not be made: {why}") from why
    return recording.path_of(meeting).name if recording.path_of(meeting).exists() else "nothing to hear"
