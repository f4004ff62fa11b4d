"""What a limit in seconds is judged by."""

import pytest

from tests import pace


@pytest.fixture
def slow(monkeypatch):
    """Make the machine as slow as a test says, one look after another."""

    def looks(*found: float) -> None:
        each = iter(found)
        monkeypatch.setattr(pace, "slowness", lambda at_once=0, work=pace.PYTHON: next(each))

    return looks


def test_work_takes_no_less_than_on_a_quiet_machine():
    assert pace.slowness() >= 1.0


def test_on_a_quiet_machine_the_limit_is_the_limit(slow):
    slow(*[1.0] * 6)
    with pytest.raises(AssertionError, match=r"a start: 5\.00 s where a quiet machine has 5, this one 5\.00; "):
        pace.assert_within(5.0, lambda: 5.0, "a start")


def test_the_slower_of_before_and_after_counts(slow, capsys):
    slow(1.0, 2.0)
    pace.assert_within(5.0, lambda: 9.9, "a start")
    assert "9.90 s where a quiet machine has 5, this one 10.00" in capsys.readouterr().out


def test_each_attempt_is_judged_by_its_own_moment_and_one_is_enough(slow):
    took = iter([9.0, 4.0])
    slow(1.0, 1.0, 1.0, 1.0)
    pace.assert_within(5.0, lambda: next(took), "a start")


def test_along_something_long_a_moment_is_judged_by_the_looks_beside_it():
    watch = pace.Watch()
    watch._seen = [(100.0, 1.0), (120.0, 3.0), (140.0, 1.5)]
    assert [watch.at(moment) for moment in (90.0, 110.0, 130.0, 150.0)] == [1.0, 3.0, 3.0, 1.5]
