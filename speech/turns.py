"""Whose turn is next among the clips that wait. No engine and no event loop; time is an argument."""

from __future__ import annotations

import enum
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

FILES_WAITING = 64  # rows of uploaded files; live finals have no bound, they are never shed
PARTIALS_WAITING = 64
FILE_BATCH_SHARE = 8  # a batch of file rows is so much smaller, so that a final never waits long behind it
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

    def rank(self, now: float) -> tuple[int, float, int]:
        """Lower is sooner: finals, partials, finals ahead of their pace; in each, the earliest due."""
        ahead = self.claim.priority is Priority.FINAL and self.start > now
        return 2 if ahead else int(self.claim.priority), self.due, self.number


class Turns(Generic[Held]):
    """The queue: what enters it is taken, leaves, or is refused with an error, once.

    Finals go before partials, and those before files; among them the earliest deadline first. Nothing is measured
    against a share of a batch: speakers take turns because a voice says no more than a second of speech in a second.
    A final that comes before its speaker could have said it, as in a flood after a long break in the connection, is
    dated to when they could, and its deadline with it. Until then it only fills what room others leave; from then on
    it is a final like any other. So a flood of hundreds is spread over the time it takes to say it, costs others as
    much as one more speaker does, loses nothing where nobody else waits, and none of it waits for ever: its date comes,
    and whoever enters later is due later. (The idea is the virtual clock of packet networks, Zhang 1990.) A debt ends
    with the last final that waits: who was heard while nobody else wanted to be owes nothing.
    """

    def __init__(self, refuse: Callable[[Held, Exception], object]) -> None:
        self._refuse = refuse  # told of whatever loses its place, and why
        self._turns: dict[int, Turn[Held]] = {}
        self._numbers = itertools.count()
        self._finals: dict[str, list[Turn[Held]]] = {}  # of each speaker, as they came
        self._partials: dict[str, Turn[Held]] = {}  # the one of each speaker

    def __len__(self) -> int:
        return len(self._turns)

    def enter(self, held: Held, claim: Claim, now: float) -> Turn[Held]:
        """A place for `held`. A partial takes that of its speaker's older one, which is refused. Raises `Overloaded`,
        and `Superseded` where the one that waits is the newer."""
        if claim.priority is Priority.PARTIAL and claim.speaker in self._partials:
            self._supersede(self._partials[claim.speaker], claim)
        self._admit(claim.priority)
        own = self._finals.get(claim.speaker, []) if claim.priority is Priority.FINAL else []
        start = max(claim.asked, own[-1].start + claim.pace) if own else claim.asked
        turn = Turn(held, claim, next(self._numbers), now, start)
        self._turns[turn.number] = turn
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
        files = sorted(self._of(Priority.FILE), key=lambda turn: turn.rank(now))
        live = sorted(self._of(Priority.FINAL, Priority.PARTIAL), key=lambda turn: turn.rank(now))
        batch = live[:size] if live else files[: max(1, size // FILE_BATCH_SHARE)]
        if live and len(batch) < size:
            batch += [turn for turn in files if now - turn.entered >= FILE_SECONDS][:1]
        for turn in batch:
            self.leave(turn)
        return [turn.held for turn in batch]

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
