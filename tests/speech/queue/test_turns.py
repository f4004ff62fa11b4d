"""speech.queue.turns: who waits, who is next. Nothing is lost, nobody waits behind a flood."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speech.queue import turns
from speech.queue.turns import Claim, Expired, Overloaded, Priority, Superseded, Turn, Turns

FINAL, PARTIAL, FILE = Priority.FINAL, Priority.PARTIAL, Priority.FILE


@dataclass
class Queue:
    """The queue and what became of each that entered."""

    refused: list[tuple[str, type[Exception]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.turns: Turns[str] = Turns(lambda held, error: self.refused.append((held, type(error))))

    def enter(self, name, priority, asked=0.0, patience=1.0, speaker="", seconds=6.0) -> Turn[str]:
        return self.turns.enter(name, Claim(priority, asked, patience, speaker, seconds), asked)

    def take(self, size=8, now=0.0) -> list[str]:
        return self.turns.take(size, now)


@pytest.fixture
def queue() -> Queue:
    return Queue()


def test_finals_go_before_partials_and_the_earliest_deadline_first(queue):
    queue.enter("partial", PARTIAL, patience=1)
    queue.enter("late", FINAL, patience=9)
    queue.enter("soon", FINAL, patience=5)
    assert queue.take() == ["soon", "late", "partial"]


def test_files_go_when_nothing_live_waits_in_batches_that_are_over_soon(queue):
    for name in "abcdefghijklmnopqr":
        queue.enter(name, FILE)
    queue.enter("final", FINAL)
    assert queue.take(8) == ["final"]
    assert queue.take(8) == ["a", "b"]
    assert queue.take(3) == ["c"]


def test_files_have_whole_batches_where_nobody_speaks(queue):
    for name in "abcdefghij":
        queue.enter(name, FILE)
    assert queue.take(4) == ["a", "b", "c", "d"]
    queue.enter("final", FINAL)
    queue.take(4)
    assert queue.take(4, turns.QUIET_SECONDS) == ["e"]
    assert queue.take(4, turns.QUIET_SECONDS + 0.1) == ["f", "g", "h", "i"]


def test_a_file_that_has_waited_long_goes_along_where_a_live_batch_has_room(queue):
    queue.enter("file", FILE, asked=0)
    queue.enter("other file", FILE, asked=0)
    queue.enter("young file", FILE, asked=1)
    for at in range(4):
        queue.enter(f"final {at}", FINAL, asked=turns.FILE_SECONDS)
    assert "file" not in queue.take(3, turns.FILE_SECONDS)
    assert queue.take(3, turns.FILE_SECONDS) == ["final 3", "file"]
    queue.enter("final 4", FINAL, asked=turns.FILE_SECONDS)
    assert queue.take(16, turns.FILE_SECONDS) == ["final 4", "other file"]


def test_a_newer_partial_takes_the_place_of_its_speakers_older_one(queue):
    queue.enter("old", PARTIAL, asked=1, speaker="alice")
    queue.enter("hers", PARTIAL, asked=1, speaker="bob")
    queue.enter("new", PARTIAL, asked=2, speaker="alice")
    assert queue.refused == [("old", Superseded)]
    assert queue.take(now=2) == ["hers", "new"]
    assert not Superseded.retryable


def test_a_partial_that_was_overtaken_on_its_way_is_the_older_one(queue):
    queue.enter("new", PARTIAL, asked=2, speaker="alice")
    with pytest.raises(Superseded):
        queue.enter("old", PARTIAL, asked=1, speaker="alice")
    assert queue.take(now=2) == ["new"]


def test_partials_of_nobody_in_particular_stand_for_themselves(queue):
    queue.enter("one", PARTIAL)
    queue.enter("two", PARTIAL)
    assert queue.take() == ["one", "two"]


def test_a_partial_leaves_its_speakers_finals_alone(queue):
    queue.enter("final", FINAL, speaker="alice")
    queue.enter("partial", PARTIAL, speaker="alice")
    assert queue.take() == ["final", "partial"]


def test_a_partial_that_comes_too_late_is_refused_and_a_final_never(queue):
    queue.enter("partial", PARTIAL, patience=1)
    queue.enter("final", FINAL, patience=1)
    assert queue.take(now=60) == ["final"]
    assert queue.refused == [("partial", Expired)]


@pytest.mark.parametrize(("kind", "bound"), [(FILE, turns.FILES_WAITING), (PARTIAL, turns.PARTIALS_WAITING)])
def test_files_and_partials_wait_in_a_bounded_queue_and_finals_in_an_endless_one(queue, kind, bound):
    for i in range(bound):
        queue.enter(f"{i}", kind, speaker=f"{i}")
    with pytest.raises(Overloaded, match=str(bound)) as caught:
        queue.enter("one more", kind)
    assert caught.value.retryable
    for i in range(1000):
        queue.enter(f"final {i}", FINAL)
    assert len(queue.turns) == bound + 1000


def test_more_of_a_file_that_is_being_heard_is_not_refused(queue):
    for i in range(turns.FILES_WAITING):
        queue.enter(f"{i}", FILE)
    queue.turns.enter("later clip of it", Claim(FILE, 0.0, begun=True), 0.0)
    with pytest.raises(Overloaded):
        queue.enter("another file", FILE)


def test_the_place_of_an_older_partial_is_free_for_the_newer_in_a_full_queue(queue):
    for i in range(turns.PARTIALS_WAITING):
        queue.enter(f"{i}", PARTIAL, speaker=f"{i}")
    queue.enter("newer", PARTIAL, asked=0.1, speaker="7")
    assert queue.refused == [("7", Superseded)]


def test_who_leaves_is_not_taken_and_leaving_twice_does_no_harm(queue):
    gone = queue.enter("gone", FINAL, speaker="alice")
    queue.enter("kept", FINAL, speaker="alice")
    queue.turns.leave(gone)
    queue.turns.leave(gone)
    assert queue.take() == ["kept"]
    assert not queue.turns


def test_a_flood_is_spread_over_the_time_it_takes_to_say_it(queue):
    for i in range(200):
        queue.enter(f"flood {i}", FINAL, speaker="mallory")
    for i in range(7):
        queue.enter(f"other {i}", FINAL, asked=12.5, speaker=f"{i}")
    taken = queue.take(10, now=12.5)
    assert taken == [f"flood {i}" for i in range(3)] + [f"other {i}" for i in range(7)]  # those of 0, 5 and 10 s


def test_a_flood_has_a_part_of_each_batch_while_others_are_about(queue):
    for i in range(200):
        queue.enter(f"flood {i}", FINAL, speaker="mallory")
    queue.enter("other", FINAL, speaker="alice")
    assert queue.take(8) == ["flood 0", "other", "flood 1", "flood 2"]
    assert queue.take(8) == ["flood 3", "flood 4"]


def test_a_flood_has_whole_batches_where_nobody_else_speaks(queue):
    for i in range(200):
        queue.enter(f"flood {i}", FINAL, speaker="mallory", seconds=1 + 2 * turns.QUIET_SECONDS)
    assert queue.take(8) == ["flood 0", "flood 1", "flood 2"]
    assert len(queue.take(8, turns.QUIET_SECONDS)) == 2
    assert len(queue.take(8, turns.QUIET_SECONDS + 1)) == 8


def test_a_partial_does_not_wait_behind_finals_that_are_ahead_of_their_pace(queue):
    for i in range(20):
        queue.enter(f"flood {i}", FINAL, speaker="mallory")
    queue.enter("partial", PARTIAL, speaker="alice")
    assert queue.take(2) == ["flood 0", "partial"]


def test_clips_that_come_as_they_are_spoken_keep_their_own_deadlines(queue):
    for i in range(5):
        turn = queue.enter(f"{i}", FINAL, asked=i * 5.0, speaker="alice", seconds=6)
        assert turn.due == i * 5.0 + 1


def test_a_short_clip_after_a_long_one_is_not_put_off_for_the_long_ones_sake(queue):
    queue.enter("long", FINAL, speaker="alice", seconds=20)
    assert queue.enter("short", FINAL, asked=1.5, speaker="alice", seconds=1.5).due == 2.5


def test_who_was_heard_while_nobody_else_wanted_to_be_owes_nothing(queue):
    for i in range(50):
        queue.enter(f"{i}", FINAL, speaker="mallory")
    while queue.turns:
        queue.take(50)
    assert queue.enter("next", FINAL, asked=1, speaker="mallory").due == 2


def test_a_flood_of_very_short_clips_counts_a_pause_for_each(queue):
    dues = [queue.enter(f"{i}", FINAL, speaker="mallory", seconds=0.1).due for i in range(4)]
    assert dues == [1, 2, 3, 4]


def test_a_final_without_a_deadline_is_not_put_off_for_ever(queue):
    queue.enter("patient", FINAL, patience=math.inf)
    late = turns.LONGEST_PATIENCE
    queue.enter("other", FINAL, asked=late, patience=1)
    assert queue.take(1, late) == ["patient"]


def test_clearing_refuses_what_it_is_asked_to(queue):
    queue.enter("file", FILE)
    queue.enter("partial", PARTIAL, speaker="alice")
    queue.enter("final", FINAL)
    queue.turns.clear(ValueError(), PARTIAL, FILE)
    assert queue.refused == [("file", ValueError), ("partial", ValueError)]
    assert queue.take() == ["final"]
    queue.enter("last", FINAL)
    queue.turns.clear(ValueError())
    assert queue.refused[2:] == [("last", ValueError)]


# what callers and the engine do, one after another: (what, its priority, speaker, patience, seconds spoken, seconds on)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["enter", "enter", "enter", "leave", "take"]),
        st.sampled_from(Priority),
        st.sampled_from(["", "alice", "bob", "mallory"]),
        st.sampled_from([0.0, 0.3, 1.0, 9.0, math.inf]),
        st.sampled_from([0.2, 1.0, 20.0]),
        st.sampled_from([0.0, 0.1, 2.0]),
    ),
    max_size=120,
)


@settings(deadline=None)  # other work on the machine slows it
@given(STEPS, st.integers(1, 9))
def test_whatever_happens_each_is_taken_or_refused_or_leaves_and_finals_are_never_refused(steps, size):
    queue, now = Queue(), 0.0
    entered: dict[str, Turn[str]] = {}
    ended: list[str] = []
    for i, (what, priority, speaker, patience, seconds, later) in enumerate(steps):
        now += later
        before = len(queue.refused)
        if what == "enter":
            try:
                name = f"{priority.name} {i}"
                entered[name] = queue.turns.enter(name, Claim(priority, now, patience, speaker, seconds), now)
            except Overloaded:
                assert priority is not FINAL
        elif what == "leave" and entered:
            name = list(entered)[i % len(entered)]
            if name not in ended:
                queue.turns.leave(entered[name])
                ended.append(name)
        else:
            ended += queue.take(size, now)
        ended += [name for name, _ in queue.refused[before:]]
        waiting = [turn for name, turn in entered.items() if name not in ended and turn.claim.priority is PARTIAL]
        assert len({t.claim.speaker for t in waiting if t.claim.speaker}) == sum(bool(t.claim.speaker) for t in waiting)
    while queue.turns:
        before = len(queue.refused)
        ended += queue.take(size, now)
        ended += [name for name, _ in queue.refused[before:]]
    assert sorted(ended) == sorted(entered)
    assert not [name for name, _ in queue.refused if name.startswith("FINAL")]


FINALS = st.lists(st.tuples(st.floats(0, 10), st.floats(0, 10), st.integers(0, 3)), min_size=1, max_size=40)


@settings(deadline=None)  # other work on the machine slows it
@given(FINALS, st.integers(1, 5))
def test_finals_that_are_not_ahead_of_their_pace_go_by_deadline(finals, size):
    queue = Queue()
    deadlines = {}
    for i, (asked, patience, _) in enumerate(sorted(finals)):
        queue.enter(f"{i}", FINAL, asked, patience, speaker=f"{i}")
        deadlines[f"{i}"] = asked + patience
    order = []
    while queue.turns:
        order += queue.take(size, 20)
    assert [deadlines[name] for name in order] == sorted(deadlines.values())


@settings(deadline=None)  # other work on the machine slows it
@given(st.integers(1, 300), st.floats(1, 20), st.integers(1, 16), st.floats(0, 60))
def test_before_anothers_final_goes_no_more_of_a_flood_than_could_have_been_said(count, seconds, size, later):
    queue = Queue()
    for i in range(count):
        queue.enter(f"flood {i}", FINAL, speaker="mallory", seconds=turns.PRE_ROLL + seconds)
    queue.enter("other", FINAL, asked=later, speaker="alice")
    before: list[str] = []
    while "other" not in before:
        before += queue.take(size, later)
    assert before.index("other") <= min(count, 1 + later / seconds)
