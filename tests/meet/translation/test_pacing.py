"""How long a translator may take, and how much it is asked at once, follow from how long it took."""

import pytest

from meet.translation.pacing import AT_ONCE, LINES, AnswerTimes, Pace, TimeLimits


def slow(pace: Pace, seconds: float, lines: int = 1, first: float = 1.0) -> None:
    """It answered a few times, always in so many seconds."""
    for _ in range(5):
        pace.answered(AnswerTimes(first, 0.5, seconds), lines)


def test_one_of_ones_own_has_a_minute_for_its_first_token_before_anything_is_known():
    assert Pace(own=True).limits == TimeLimits(first=60.0, between=20.0)
    assert Pace(own=False).limits.first == 15.0


def test_limits_follow_from_what_was_measured_and_leave_room():
    pace = Pace(own=True)
    slow(pace, 30.0, first=8.0)
    assert pace.limits == TimeLimits(first=24.0, between=5.0)
    slow(pace, 300.0, first=90.0)
    assert pace.limits.first == 120.0


def test_the_first_answers_change_no_limit():
    pace = Pace(own=True)
    pace.answered(AnswerTimes(0.1, 0.01, 0.2), 1)
    assert pace.limits.first == 60.0


def test_each_request_that_was_given_up_doubles_the_limits_until_one_is_answered():
    pace = Pace(own=True)
    slow(pace, 5.0, first=4.0)
    limits = [pace.limits.first]
    for _ in range(5):
        pace.late(1)
        limits.append(pace.limits.first)
    assert limits == [12.0, 24.0, 48.0, 96.0, 120.0, 120.0]
    pace.answered(AnswerTimes(4.0, 0.5, 5.0), 1)
    assert pace.limits.first == 12.0


def test_a_slow_one_of_ones_own_gets_one_request_at_a_time_and_a_quick_one_more():
    pace = Pace(own=True)
    assert pace.at_once == 1
    slow(pace, 0.5)
    assert pace.at_once == 6
    slow(pace, 0.5)
    assert pace.at_once == AT_ONCE
    pace.answered(AnswerTimes(3.0, 0.5, 9.0), 4)
    assert pace.at_once == 1


def test_a_hosted_one_is_asked_for_several_at_once_however_long_it_thinks():
    pace = Pace(own=False)
    slow(pace, 9.0)
    assert pace.at_once == AT_ONCE
    pace.late(1)
    assert pace.at_once == AT_ONCE // 2


@pytest.mark.parametrize(("seconds", "lines"), [(0.2, LINES), (3.0, 5), (7.0, 2), (40.0, 1)])
def test_as_many_lines_go_into_a_request_as_it_answers_in_a_quarter_of_a_minute(seconds, lines):
    pace = Pace(own=True)
    slow(pace, seconds)
    assert pace.lines == lines


def test_an_answer_that_cannot_be_told_apart_halves_the_lines_and_good_ones_bring_them_back():
    pace = Pace(own=True)
    slow(pace, 0.2)
    pace.garbled(8)
    assert pace.lines == 4
    pace.garbled(4)
    pace.garbled(2)
    pace.garbled(1)
    for _ in range(9):
        pace.answered(AnswerTimes(0.1, 0.1, 0.2), 1)
        assert pace.lines == 1
    for _ in range(70):
        pace.answered(AnswerTimes(0.1, 0.1, 0.2), pace.lines)
    assert pace.lines == LINES
