"""A source of Whisper models: what every one of them can do, and how it says that it cannot."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

Say = Callable[[str], None]

ANSWER_SECONDS = 5.0  # a host that does not answer for so long is given up
MEGABYTE = 1 << 20


class SourceFailed(Exception):
    """Raised when a source does not give a model: why, in one line. `resumable`: a part of it lies in the source's
    folder, and the next fetch goes on from there."""

    def __init__(self, why: str, *, resumable: bool = False) -> None:
        super().__init__(why)
        self.resumable = resumable


class Source(Protocol):
    """Somewhere that models come from. `model` is the name of the checkpoint's file without `.pt`."""

    name: str  # as WHISPER_SOURCES has it

    def has(self, model: str) -> bool:
        """Whether this source lists the model. Nothing is asked of anybody."""

    def address(self, model: str) -> str:
        """Where it would come from, for people. Only for models that it has."""

    def fetch(self, model: str, work: Path, say: Say) -> Path:
        """The model as a checkpoint in openai-whisper's format, in the folder `work`, which is this source's alone.
        What lies there from an interrupted fetch is used. Raises `SourceFailed`, and `OSError` where nothing can be
        written."""


class Progress:
    """Says how far a download is, at every tenth of it."""

    def __init__(self, label: str, total: int, say: Say, start: int = 0) -> None:
        """`total`: bytes, 0 where nobody says. `start`: bytes that are here already, of which nothing is said."""
        self._label, self._total, self._say = label, total, say
        self._shown = self._tenths(start)

    def _tenths(self, done: int) -> int:
        return min(10, done * 10 // self._total) if self._total else 0

    def show(self, done: int) -> None:
        """`done` bytes of the total are here."""
        tenths = self._tenths(done)
        if tenths > self._shown:
            self._shown = tenths
            self._say(f"{self._label}: {tenths * 10} % of {self._total / MEGABYTE:.0f} MB")


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
