"""What commands about a meeting have in common: it is named by its id, its room's address, or address/folder."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from meet.models import Meeting
from meet.record import record


class MeetingCommand(BaseCommand):
    """Takes MEETING, which may mean all meetings of a room."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which meeting."""
        parser.add_argument("meeting", metavar="MEETING", help="an id, a room's address, or address/folder")

    def meetings(self, options: dict[str, Any]) -> list[Meeting]:
        """The meetings that were named. Raises CommandError where there is none."""
        try:
            return record.named(options["meeting"])
        except record.NoSuchMeeting as error:
            raise CommandError(str(error)) from error
