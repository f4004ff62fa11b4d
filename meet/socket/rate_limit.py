"""Rate limiter (GCRA) for one participant: a burst, then one event (or byte count) an interval."""

import uuid
from dataclasses import dataclass, field

FORGET_ABOVE = 10_000  # people; those who have all of theirs again need not be remembered


@dataclass(frozen=True)
class Rate:
    """What may be done at once, and after how many seconds once more."""

    at_once: int
    every_s: float


# Far above what anybody does by hand. Clips: people pause every few seconds, and bring what they said without a line.
MESSAGES = Rate(30, 1.0)
NAMES = Rate(6, 10.0)
CLIPS = Rate(2000, 1.0)


@dataclass
class RateLimiter:
    """What each has left of one rate. A process has its own, as it has its own of everything that guards it.

    Kept as the moment at which they have all of it again (the virtual time of the generic cell rate algorithm,
    ITU-T I.371). No clock: time is an argument, in seconds.
    """

    rate: Rate
    _whole_at: dict[uuid.UUID, float] = field(default_factory=dict)

    def spend(self, who: uuid.UUID, now: float, amount: int = 1) -> float:
        """Take one, or `amount` of them: 0 where there were as many, else in how many seconds there are.

        More than may be had at once is never there."""
        whole_at = max(self._whole_at.get(who, now), now) + amount * self.rate.every_s
        wait = whole_at - now - self.rate.at_once * self.rate.every_s
        if wait > 0:
            return wait
        if len(self._whole_at) >= FORGET_ABOVE:
            self._whole_at = {one: at for one, at in self._whole_at.items() if at > now}
        self._whole_at[who] = whole_at
        return 0.0
