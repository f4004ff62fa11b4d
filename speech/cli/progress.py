"""Progress of transcribing a file: a bar on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from typing import TextIO

from speech.cli.subtitles import columns
from speech.transcription.transcription import Progress

EVERY_SECONDS = 5.0  # between two lines
CELLS = 24
NAME_COLUMNS = 24


class ProgressBar:
    """One file's progress on `stream`. `clock` in seconds."""

    def __init__(self, name: str, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._stream = stream
        self._clock = clock
        self._drawn = False
        self._shown = clock()

    def show(self, done: Progress) -> None:
        """Draw the bar anew, or write a line where the last one is old enough."""
        if self._stream.isatty():
            self._draw(done)
        elif self._clock() - self._shown >= EVERY_SECONDS:
            self._shown = self._clock()
            self._write(
                f"{self._name}: {done.clips_done} of {done.clips} clips, "
                f"{done.seconds_done:.0f} of {done.seconds:.0f} s\n"
            )

    def clear(self) -> None:
        """Give the line back to whoever writes next."""
        if self._drawn:
            self._drawn = False
            self._write("\r" + " " * (_width() - 1) + "\r")

    def _draw(self, done: Progress) -> None:
        filled = round(CELLS * done.seconds_done / done.seconds) if done.seconds else CELLS
        bar = "#" * filled + "-" * (CELLS - filled)
        line = (
            f"{_short(self._name, NAME_COLUMNS)} [{bar}] {done.clips_done}/{done.clips} clips "
            f"{_clock(done.seconds_done)}/{_clock(done.seconds)}"
        )
        line = _short(line, _width() - 1)  # a line that wraps cannot be drawn over
        self._write("\r" + line + " " * (_width() - 1 - columns(line)))
        self._drawn = True

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _width() -> int:
    return max(20, shutil.get_terminal_size().columns)


def _short(text: str, most: int) -> str:
    while columns(text) > most:
        text = text[:-2] + "…"
    return text


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"
