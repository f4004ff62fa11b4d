"""Processes that tests look for."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def pip_processes(folder: Path) -> list[str]:
    """The running pip processes that download into the folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes()
        except OSError:  # it has ended
            continue
        if b"pip_process.py" in line and str(folder).encode() in line:
            found.append(entry.parent.name)
    return found


def until(holds: Callable[[], Any], seconds: float = 30.0) -> Any:
    """What it gives once that is true; false where it never is."""
    end = time.monotonic() + seconds
    while not (given := holds()) and time.monotonic() < end:
        time.sleep(0.05)
    return given
