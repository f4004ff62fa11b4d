"""Console output of `serve`: whole lines on standard output, from any thread."""

import contextlib
import sys
import threading

_one_at_a_time = threading.Lock()


def say(line: str) -> None:
    """One line. Serving goes on where nobody reads it any more."""
    with _one_at_a_time, contextlib.suppress(OSError, ValueError):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
