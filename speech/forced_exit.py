"""Forced exit after a timeout: a thread inside the model cannot be asked to stop."""

from __future__ import annotations

import os
import threading

LEAVE_SECONDS = 2.0
INTERRUPTED = 130  # what a shell calls a program that Ctrl-C ended


def within(seconds: float, status: int) -> None:
    """End so soon with this exit status, whatever still runs."""
    timer = threading.Timer(seconds, os._exit, (status,))
    timer.daemon = True
    timer.start()
