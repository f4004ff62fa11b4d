"""A source of Whisper models: what every one of them can do, and how it says that it cannot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

Say = Callable[[str], None]

ANSWER_SECONDS = 5.0  # a host that does not answer for so long is given up
MEGABYTE = 1 << 20


class SourceFailed(Exception):
    """Raised when a source does not give a model: why, in one line."""


class Source(Protocol):
    """Somewhere that models come from. `model` is the name of the checkpoint's file without `.pt`."""

    name: str  # as WHISPER_SOURCES has it

    def has(self, model: str) -> bool:
        """Whether this source lists the model. Nothing is asked of anybody."""

    def address(self, model: str) -> str:
        """Where it would come from, for people. Only for models that it has."""

    def fetch(self, model: str, work: Path, say: Say) -> Path:
        """The model as a checkpoint in openai-whisper's format, in the folder `work`, its contents checked. What lies
        in `work` from an interrupted fetch is used. Raises `SourceFailed`, `OSError`."""


class Progress:
    """Says how far a download is, at every tenth of it."""

    def __init__(self, label: str, total: int, say: Say) -> None:
        self._label, self._total, self._say = label, total, say
        self._shown = 0

    def show(self, done: int) -> None:
        """`done` bytes of the total are here."""
        tenths = min(10, done * 10 // self._total) if self._total else 0
        if tenths > self._shown:
            self._shown = tenths
            self._say(f"{self._label}: {tenths * 10} % of {self._total / MEGABYTE:.0f} MB")
