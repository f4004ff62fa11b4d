"""Pipe from the supervisor: a child process ends when it closes, because its supervisor is gone."""

import os
import sys
import threading
import time
from collections.abc import Callable


def when_cut(end: Callable[[], None], *, patience: float) -> None:
    """Call `end` from a thread once standard input closes; leave at once if the process is still here
    `patience` seconds later (its event loop may hang)."""
    threading.Thread(target=_watch, args=(end, patience), name="lifeline", daemon=True).start()


def _watch(end: Callable[[], None], patience: float) -> None:
    # os.read, not sys.stdin: a buffered reader's lock held by a daemon thread aborts the interpreter's exit
    while os.read(sys.__stdin__.fileno() if sys.__stdin__ else 0, 4096):
        pass
    end()
    time.sleep(patience)
    os._exit(1)
