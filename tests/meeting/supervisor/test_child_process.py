"""When a child is started again."""

import threading

from meeting.supervisor.child_process import LONGEST_PAUSE_S, ChildPlan, ChildProcess, next_pause


def test_the_first_pause_is_a_second():
    assert next_pause(0, lived=0.1) == 1


def test_each_pause_is_twice_the_one_before_up_to_half_a_minute():
    pauses = [1.0]
    while pauses[-1] < LONGEST_PAUSE_S:
        pauses.append(next_pause(pauses[-1], lived=0.1))
    assert pauses == [1, 2, 4, 8, 16, 30]


def test_a_child_that_lived_a_minute_starts_anew_after_a_second():
    assert next_pause(30, lived=60) == 1


def test_what_a_child_prints_and_how_it_ended_are_told():
    heard: list[str] = []
    ended = threading.Event()
    statuses: list[int] = []

    def died(status: int, _pause: float) -> None:
        statuses.append(status)
        ended.set()

    child = ChildProcess(ChildPlan("platform", "platform"), heard.append, died)
    child.start()
    assert ended.wait(20)
    child.end(threading.Event())
    assert statuses == [0]
    assert len(heard) == 1
    assert "Linux" in heard[0] or heard[0]


def test_a_child_that_was_asked_to_end_is_not_started_again():
    died: list[int] = []
    child = ChildProcess(
        ChildPlan("server", "http.server", ("0",)), lambda _line: None, lambda status, _p: died.append(status)
    )
    child.start()
    while child.pid is None:
        threading.Event().wait(0.01)
    child.end(threading.Event())
    assert child.pid is None
    assert died == []
