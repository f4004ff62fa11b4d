"""Retry queue: clips whose first text looks wrong, until they are decoded again at higher temperatures. No engine and
no event loop; time is an argument.

Whoever was in the same batch has been answered by then, and live finals go first: a retry takes as long as several
clips. A line that has waited for its retry too long is answered with its first text instead: soon where nothing of it
is shown before, later where its caller has that text already and only revises it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from speech.queue.turns import FILE_SECONDS, Priority

LIVE_SECONDS = 3.0  # how long a live line that nobody has seen waits for its retry to begin
# ... and one whose first text was told: nobody waits for words, but its translations wait for the answer, and the web
# tier has only so many clips in flight (24 a process, 6 a speaker)
TOLD_SECONDS = 10.0
TOGETHER = 4  # retries in one call at most: a final that comes meanwhile waits for it

Held = TypeVar("Held")


@dataclass(frozen=True)
class _Waiting(Generic[Held]):
    held: Held
    priority: Priority
    since: float
    told: bool

    @property
    def live(self) -> bool:
        return self.priority is not Priority.FILE

    @property
    def patience(self) -> float:
        """Seconds until it is answered with its first text."""
        live = TOLD_SECONDS if self.told else LIVE_SECONDS
        return live if self.live else math.inf


class Retries(Generic[Held]):
    """The queue. Live lines go before files, those that nobody has seen first, and of these the earliest."""

    def __init__(self) -> None:
        self._waiting: list[_Waiting[Held]] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, held: Held, priority: Priority, now: float, *, told: bool = False) -> None:
        """`told`: its caller has its first text."""
        self._waiting.append(_Waiting(held, priority, now, told))

    def take(self, size: int, now: float, pressing: Priority | None) -> list[Held]:
        """What is decoded again now, together, `size` at most. `pressing`: the most urgent priority of the clips that
        somebody waits for. A retry goes after those of its own priority, a file's only until it has waited as long as
        its rows do for a place in a live batch."""
        ready = [
            one
            for one in self._waiting
            if pressing is None or one.priority < pressing or (not one.live and now - one.since >= FILE_SECONDS)
        ]
        ready.sort(key=lambda one: (one.priority, one.told, one.since))
        return self._removed(ready[: min(size, TOGETHER)])

    def expired(self, now: float) -> list[Held]:
        """Take out those that have waited too long."""
        return self._removed([one for one in self._waiting if now - one.since > one.patience])

    def clear(self, *priorities: Priority) -> list[Held]:
        """Take out all of these priorities; without any, all."""
        return self._removed([one for one in self._waiting if one.priority in (priorities or Priority)])

    def _removed(self, chosen: Sequence[_Waiting[Held]]) -> list[Held]:
        self._waiting = [one for one in self._waiting if all(one is not other for other in chosen)]
        return [one.held for one in chosen]
