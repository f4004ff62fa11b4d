"""The pace of one translator: how long it may take, how many lines go into a request and how many requests at once,
by how long its answers took. Pure."""

import math
from collections import deque
from dataclasses import dataclass, field

MEASURED = 20  # answers that are remembered
ENOUGH = 3  # of them, before limits follow from them
MARGIN = 3.0  # a limit is so many times the 95th percentile

FIRST_OWN, FIRST_HOSTED = 60.0, 15.0  # seconds to the first token, before anything is known
FIRST_LEAST, FIRST_MOST = 10.0, 120.0
BETWEEN = 20.0  # seconds between two tokens, before anything is known
BETWEEN_LEAST, BETWEEN_MOST = 5.0, 60.0

SLOW_SECONDS = 3.0  # an answer that takes longer is slow: one request at a time
AT_ONCE = 8  # requests
LINES = 8  # in one request
BEGIN_LINES = 4  # while it is not known how long a line takes
REQUEST_SECONDS = 15.0  # so long should a request take: what is said meanwhile waits for the next
REGAINED = 0.1  # lines that an answer which went well adds, after one that did not


@dataclass(frozen=True)
class TimeLimits:
    """How long a request may go without a sign of life, in seconds: to its first token, and between two."""

    first: float
    between: float


@dataclass(frozen=True)
class AnswerTimes:
    """How long an answer took, in seconds: to its first token, at most between two, and in all."""

    first: float
    between: float
    whole: float


@dataclass
class Pace:
    """What is known of one translator. `own`: on a machine of one's own, perhaps slow, and with one thing at a time."""

    own: bool
    at_once: int = 0
    _first: deque[float] = field(default_factory=lambda: deque(maxlen=MEASURED))
    _between: deque[float] = field(default_factory=lambda: deque(maxlen=MEASURED))
    _a_line: float = 0.0  # seconds
    _most: float = LINES
    _late: int = 0  # requests in a row that were given up

    def __post_init__(self) -> None:
        self.at_once = 1 if self.own else AT_ONCE

    @property
    def limits(self) -> TimeLimits:
        """How long the next request may take. Each that was given up doubles them: perhaps they were too strict."""
        first = _limit(self._first, FIRST_OWN if self.own else FIRST_HOSTED, FIRST_LEAST)
        between = _limit(self._between, BETWEEN, BETWEEN_LEAST)
        more = 2.0**self._late
        return TimeLimits(min(FIRST_MOST, first * more), min(BETWEEN_MOST, between * more))

    @property
    def lines(self) -> int:
        """How many lines go into the next request at most."""
        fitting = REQUEST_SECONDS / self._a_line if self._a_line else BEGIN_LINES
        return max(1, int(min(self._most, fitting)))

    def answered(self, took: AnswerTimes, lines: int) -> None:
        """It answered a request of so many lines."""
        self._late = 0
        self._first.append(took.first)
        self._between.append(took.between)
        a_line = took.whole / lines
        self._a_line = a_line if not self._a_line else 0.7 * self._a_line + 0.3 * a_line
        if lines > 1 or self._most < 2:  # a line alone says nothing of several, unless it is all that is asked
            self._most = min(LINES, self._most + REGAINED)
        if self.own:
            self.at_once = 1 if took.whole > SLOW_SECONDS else min(AT_ONCE, self.at_once + 1)

    def late(self, lines: int) -> None:
        """It was given up: it did not answer, or not on."""
        self._late = min(self._late + 1, 4)
        self.at_once = 1 if self.own else max(1, self.at_once // 2)
        self._most = max(1.0, lines / 2)

    def garbled(self, lines: int) -> None:
        """Its answer to so many lines was not so many lines."""
        self._most = max(1.0, lines / 2)


def _limit(measured: deque[float], before: float, least: float) -> float:
    if len(measured) < ENOUGH:
        return before
    place = math.ceil(0.95 * len(measured)) - 1
    return max(least, MARGIN * sorted(measured)[place])
