#!/usr/bin/env python
"""The command line: Django's own commands, and `serve`, which starts without loading Django's apps."""

import os
import sys


def main() -> None:
    """Hand `serve` to the supervisor, everything else to Django."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meeting.settings")
    if sys.argv[1:2] == ["serve"]:
        from meeting.supervisor.serve import main as serve

        sys.exit(serve(sys.argv[2:]))
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:  # it says which setting, why, and what would do
        sys.exit(f"Not run: {error}")


if __name__ == "__main__":
    main()
