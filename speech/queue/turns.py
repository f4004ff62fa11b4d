"""Turn-taking queue: which waiting clip is next, by priority, deadline and fairness. Pure; time is an argument."""

from __future__ import annotations

import enum
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

FILES_WAITING = 256  # rows of files, before no new one is taken; live finals have no bound, they are never shed
PARTIALS_WAITING = 64
SPARE_SHARE = 4  # what could as well be heard later fills so much of a batch, so that who comes next waits little
QUIET_SECONDS = 60.0  # ... and all of it, where nobody has come for so long
FILE_SECONDS = 10.0  # a file row that has waited so long goes along where a live batch has room
LONGEST_PATIENCE = 30.0  # seconds; a final is due by then, even where its caller sets no deadline
LEAST_PACE = 1.0  # seconds a clip: a pause of about a second ends each, so nobody speaks faster
PRE_ROLL = 1.0  # seconds that a clip may share with the one before

Held = TypeVar("Held")


class Priority(enum.IntEnum):
    """Lower is sooner."""

    FINAL = 0
    PARTIAL = 1
    FILE = 2


class Overloaded(Exception):
    """Too much waits already."""

    retryable = True


class Expired(Exception):
    """A partial whose deadline passed before its turn: a newer one is on its way."""

    retryable = False


class Superseded(Exception):
    """A partial whose speaker has a newer one waiting."""

    retryable = False


@dataclass(frozen=True)
class Claim:
    """What a clip's turn depends on. Times in seconds of the caller's clock."""

    priority: Priority
    asked: float  # when the caller came; of two partials of a speaker the one asked for later is the newer
    patience: float = math.inf  # from then to its deadline
    speaker: str = ""  # whose voice it is; empty: nobody else's
    seconds: float = 0.0  # how long it took to say
    begun: bool = False  # a later clip of a recording that was taken: not refused any more

    @property
    def pace(self) -> float:
        """Seconds after its speaker's last clip before which it cannot have been said."""
        return max(LEAST_PACE, self.seconds - PRE_ROLL)


@dataclass(frozen=True, eq=False)
class Turn(Generic[Held]):
    """A place in the queue. Until `start` the clip runs ahead of its speaker's own pace."""

    held: Held
    claim: Claim
    number: int
    entered: float
    start: float

    @property
    def due(self) -> float:
        patience = self.claim.patience
        if self.claim.priority is Priority.FINAL:
            patience = min(patience, LONGEST_PATIENCE)
        return self.start + patience

    def is_live(self, now: float) -> bool:
        """Whether somebody waits for it now: no file, and nothing ahead of its speaker's pace."""
        return self.claim.priority is not Priority.FILE and (
            self.claim.priority is Priority.PARTIAL or self.start <= now
        )

    def goes_along(self, now: float) -> bool:
        """Whether it may fill room in a live batch: a final, or a file's row that has waited long."""
        return self.claim.priority is Priority.FINAL or now - self.entered >= FILE_SECONDS

    @property
    def rank(self) -> tuple[int, float, int]:
        """Lower is sooner, among those that are live, and among those that are not."""
        return int(self.claim.priority), self.due, self.number


class Turns(Generic[Held]):
    """The queue: what enters it is taken, leaves, or is refused with an error, once.

    Finals go before partials, and those before files; among them the earliest deadline first. Speakers take turns
    because a voice says no more than a second of speech in a second. A final that comes before its speaker could have
    said it, as in a flood after a long break in the connection, is dated to when they could, and its deadline with it.
    Until then it is spare work, as files are: after everything live, and a small part of a batch while others are
    about. From then on it is a final like any other. So a flood of hundreds is spread over the time it takes to say it
    and costs others as much as one more speaker does; with nobody else there it has the whole engine; and none of it
    waits for ever: its date comes, and whoever enters later is due later. (The idea is the virtual clock of packet
    networks, Zhang 1990.) The debt ends with the speaker's last final that waits: who was heard while nobody else
    wanted to be owes nothing.
    """

    def __init__(self, refuse: Callable[[Held, Exception], object]) -> None:
        self._refuse = refuse  # told of whatever loses its place, and why
        self._turns: dict[int, Turn[Held]] = {}
        self._numbers = itertools.count()
        self._finals: dict[str, list[Turn[Held]]] = {}  # of each speaker, as they came
        self._partials: dict[str, Turn[Held]] = {}  # the one of each speaker
        self._last_live = -math.inf  # when the last one came that somebody waited for

    def __len__(self) -> int:
        return len(self._turns)

    def live(self, now: float) -> int:
        """How many wait that somebody waits for now: finals and partials."""
        return sum(turn.is_live(now) for turn in self._turns.values())

    def pressing(self, now: float) -> Priority | None:
        """The most urgent of those that somebody waits for now."""
        return min((turn.claim.priority for turn in self._turns.values() if turn.is_live(now)), default=None)

    def enter(self, held: Held, claim: Claim, now: float) -> Turn[Held]:
        """A place for `held`. A partial takes that of its speaker's older one, which is refused. Raises `Overloaded`,
        and `Superseded` where the one that waits is the newer."""
        if claim.priority is Priority.PARTIAL and claim.speaker in self._partials:
            self._supersede(self._partials[claim.speaker], claim)
        if not claim.begun:
            self._admit(claim.priority)
        own = self._finals.get(claim.speaker, []) if claim.priority is Priority.FINAL else []
        start = max(claim.asked, own[-1].start + claim.pace) if own else claim.asked
        turn = Turn(held, claim, next(self._numbers), now, start)
        self._turns[turn.number] = turn
        if turn.is_live(now):
            self._last_live = now
        if claim.speaker and claim.priority is Priority.FINAL:
            self._finals.setdefault(claim.speaker, []).append(turn)
        if claim.speaker and claim.priority is Priority.PARTIAL:
            self._partials[claim.speaker] = turn
        return turn

    def leave(self, turn: Turn[Held]) -> None:
        """Give a place up, where it is still held."""
        if self._turns.pop(turn.number, None) is None:
            return
        speaker = turn.claim.speaker
        if self._partials.get(speaker) is turn:
            del self._partials[speaker]
        if speaker and turn.claim.priority is Priority.FINAL:
            self._finals[speaker].remove(turn)
            if not self._finals[speaker]:
                del self._finals[speaker]

    def take(self, size: int, now: float) -> list[Held]:
        """Those that are heard next, together, `size` at most; the most urgent first. Partials too late are refused."""
        for turn in self._of(Priority.PARTIAL):
            if turn.due < now:
                self._drop(turn, Expired("deadline passed"))
        batch = self._batch(size, now)
        for turn in batch:
            self.leave(turn)
        return [turn.held for turn in batch]

    def _batch(self, size: int, now: float) -> list[Turn[Held]]:
        queue = sorted(self._turns.values(), key=lambda turn: turn.rank)
        live = [turn for turn in queue if turn.is_live(now)][:size]
        share = size if now - self._last_live > QUIET_SECONDS else max(1, size // SPARE_SHARE)
        room = min(share, size - len(live))
        spare = [turn for turn in queue if not turn.is_live(now) and (not live or turn.goes_along(now))]
        return live + spare[:room]

    def clear(self, error: Exception, *priorities: Priority) -> None:
        """Refuse all that waits of these priorities; without any, all."""
        for turn in self._of(*(priorities or Priority)):
            self._drop(turn, error)

    def _of(self, *priorities: Priority) -> list[Turn[Held]]:
        return [turn for turn in self._turns.values() if turn.claim.priority in priorities]

    def _drop(self, turn: Turn[Held], error: Exception) -> None:
        self.leave(turn)
        self._refuse(turn.held, error)

    def _supersede(self, waiting: Turn[Held], claim: Claim) -> None:
        """Decoding may let two partials overtake each other, so it is not the later to enter that is the newer."""
        if waiting.claim.asked > claim.asked:
            raise Superseded("a newer one of this speaker waits already")
        self._drop(waiting, Superseded("a newer one of this speaker came"))

    def _admit(self, priority: Priority) -> None:
        bound = {Priority.FILE: FILES_WAITING, Priority.PARTIAL: PARTIALS_WAITING}.get(priority)
        if bound is not None and len(self._of(priority)) >= bound:
            raise Overloaded(f"{bound} clips of this kind wait already")
