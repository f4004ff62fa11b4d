"""Circuit breaker: after some failures in a row a translator is skipped for a while, then tried once. Pure."""

from dataclasses import dataclass

from meet.translation.provider import NoAnswer, TranslatorUnavailable

OPENS_AFTER = 3  # failures in a row
LONGEST_PAUSE = 10.0  # seconds
LONGEST_WISH = 3600.0  # seconds a translator may ask to be left alone: then it is tried all the same
TRIAL_SECONDS = 15.0  # so long may one trial take before another is allowed


def pause(failures: int) -> float:
    """How long to leave it alone after so many failures in a row: 2, 4, 8 and then 10 seconds."""
    return min(LONGEST_PAUSE, 2.0 ** max(1, failures - OPENS_AFTER + 1))


@dataclass
class Breaker:
    """Whether one translator may be asked. Time is an argument, in seconds of any steady clock."""

    trial: float = TRIAL_SECONDS
    failures: int = 0
    closed_to_until: float = 0.0
    wished_until: float = 0.0

    def ready(self, now: float) -> bool:
        """Whether a call would be allowed."""
        return now >= self.wished_until and (self.failures < OPENS_AFTER or now >= self.closed_to_until)

    def answers(self, now: float) -> bool:
        """Whether it may be asked, and answered when it was asked last."""
        return self.ready(now) and not self.failures

    def allows(self, now: float) -> bool:
        """Whether to call now. Where it was failing, this takes the one trial: others wait for how it ends."""
        if not self.ready(now):
            return False
        if self.failures >= OPENS_AFTER:
            self.closed_to_until = now + self.trial
        return True

    def succeeded(self) -> None:
        """It answered."""
        self.failures = 0

    def count(self, error: NoAnswer, now: float, *, certain: bool = False) -> None:
        """Why it gave no answer: one that merely does not want this text is there."""
        if error.pause or isinstance(error, TranslatorUnavailable):
            self.failed(now, error.pause, certain=certain)
        else:
            self.succeeded()

    def failed(self, now: float, wish: float = 0.0, *, certain: bool = False) -> None:
        """It did not. Where it wishes to be left alone for so many seconds, it is, and then tried once. `certain`: once
        is enough to know that it does not answer."""
        self.failures = max(self.failures + 1, OPENS_AFTER if certain else 0)
        if wish > 0:
            self.failures = max(self.failures, OPENS_AFTER)
            self.wished_until = max(self.wished_until, now + min(wish, LONGEST_WISH))
        if self.failures >= OPENS_AFTER:
            self.closed_to_until = now + pause(self.failures)
