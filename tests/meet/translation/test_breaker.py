"""The circuit breaker. Its clock is an argument."""

from meet.translation.breaker import LONGEST_PAUSE, LONGEST_WISH, OPENS_AFTER, TRIAL_SECONDS, Breaker, pause


def failed(times: int, at: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(times):
        breaker.failed(at)
    return breaker


def test_a_failure_or_two_change_nothing():
    assert failed(OPENS_AFTER - 1).allows(0)


def test_after_failures_in_a_row_nobody_is_let_through():
    assert not failed(OPENS_AFTER).allows(1)


def test_after_the_pause_exactly_one_is_let_through():
    breaker = failed(OPENS_AFTER)
    assert [breaker.allows(pause(OPENS_AFTER)) for _ in range(3)] == [True, False, False]


def test_a_trial_that_never_ends_does_not_keep_the_others_out_for_ever():
    breaker = failed(OPENS_AFTER)
    assert breaker.allows(5)
    assert not breaker.allows(6)
    assert breaker.allows(5 + TRIAL_SECONDS)


def test_one_success_opens_the_way_again():
    breaker = failed(20)
    breaker.succeeded()
    assert [breaker.allows(0) for _ in range(3)] == [True, True, True]


def test_the_pause_grows_to_a_bound():
    assert [pause(OPENS_AFTER + n) for n in range(5)] == [2, 4, 8, LONGEST_PAUSE, LONGEST_PAUSE]


def test_looking_whether_it_is_ready_takes_no_trial():
    breaker = failed(OPENS_AFTER)
    assert [breaker.ready(5), breaker.ready(5)] == [True, True]


def test_one_that_wishes_to_be_left_alone_is_at_once_and_then_tried_once():
    breaker = Breaker()
    breaker.failed(0, wish=60)
    assert not breaker.allows(59)
    assert [breaker.allows(60) for _ in range(2)] == [True, False]


def test_what_was_asked_before_the_wish_does_not_shorten_it():
    breaker = Breaker()
    breaker.failed(0, wish=60)
    breaker.failed(1)
    breaker.succeeded()
    assert not breaker.ready(59)


def test_a_wish_for_a_day_is_granted_for_an_hour():
    breaker = Breaker()
    breaker.failed(0, wish=86_400)
    assert breaker.allows(LONGEST_WISH)
