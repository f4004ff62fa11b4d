"""`manage.py check`: Django's own, and what this machine has for us: speech, Redis, database, translators."""

from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands.check import Command as DjangosCheck

from meet import checks


class Command(DjangosCheck):
    """Look at the code, its settings and this machine; each problem comes with its cure."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Django's, and one more."""
        super().add_arguments(parser)
        parser.add_argument("--code-only", action="store_true", help="the code and its settings, not this machine")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the checks."""
        if not options.pop("code_only"):
            checks.look_at_the_machine()
        super().handle(*args, **options)
