"""Beam policy: how wide the decoder searches, by the time there is. Pure: no engine, no clock.

A beam of five makes fewer errors than greedy decoding (docs/benchmarks.md) and takes longer. Somebody waits for a live
final, so the wide beam is for engines that are done within a second with it and have nothing else waiting.
"""

from __future__ import annotations

from speech.engine_types import MOST_BEAMS
from speech.queue.turns import Priority

LIVE_SECONDS = 1.0  # a batch with a live final is done within this, or it is decoded greedily
FORGETTING = 0.3  # weight of the newest call in the seconds a row takes
RECOVERY = 0.97  # of the measured seconds, each time the wide beam is not used: so that it is tried again some day


class BeamPolicy:
    """Chooses the beam of each batch. `setting`: 1 to 5, or None for automatic."""

    def __init__(self, setting: int | None = None) -> None:
        self._setting = setting
        self._row_seconds = 0.0  # with the wide beam; 0: not measured yet

    def choose(self, priorities: list[Priority], waiting: int) -> list[int]:
        """The beam of each row of a batch. `waiting`: live clips that stay in the queue behind it."""
        wide = self._setting or (MOST_BEAMS if self._has_time(priorities, waiting) else 1)
        if wide == 1:
            self._row_seconds *= RECOVERY
        return [1 if priority is Priority.PARTIAL else wide for priority in priorities]

    def observe(self, beams: list[int], seconds: float) -> None:
        """A batch with these beams took so long."""
        if min(beams, default=1) < MOST_BEAMS:
            return
        each = seconds / len(beams)
        self._row_seconds += (each - self._row_seconds) * (FORGETTING if self._row_seconds else 1.0)

    def _has_time(self, priorities: list[Priority], waiting: int) -> bool:
        """Partials are the first to make room: a batch with one is not searched widely."""
        if Priority.PARTIAL in priorities:
            return False
        if Priority.FINAL not in priorities:
            return waiting == 0
        return waiting == 0 and self._row_seconds * len(priorities) <= LIVE_SECONDS
