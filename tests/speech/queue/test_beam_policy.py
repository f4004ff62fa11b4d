"""speech.queue.beam_policy: a wide beam where there is time for it, greedy where somebody would wait."""

from __future__ import annotations

import pytest

from speech.config import BadSetting, read
from speech.queue.beam_policy import BeamPolicy
from speech.queue.turns import Priority

FINAL, PARTIAL, FILE = Priority.FINAL, Priority.PARTIAL, Priority.FILE


def test_a_lone_final_is_searched_widely_until_it_was_slow():
    policy = BeamPolicy()
    assert policy.choose([FINAL], waiting=0) == [5]
    policy.observe([5], seconds=3.0)
    assert policy.choose([FINAL], waiting=0) == [1]


def test_an_engine_that_keeps_up_goes_on_searching_widely():
    policy = BeamPolicy()
    for _ in range(10):
        assert policy.choose([FINAL, FINAL], waiting=0) == [5, 5]
        policy.observe([5, 5], seconds=0.4)


def test_more_finals_than_fit_into_a_second_are_greedy():
    policy = BeamPolicy()
    policy.observe([5], seconds=0.3)
    assert policy.choose([FINAL] * 3, waiting=0) == [5] * 3
    assert policy.choose([FINAL] * 4, waiting=0) == [1] * 4


def test_clips_that_wait_make_finals_greedy():
    assert BeamPolicy().choose([FINAL], waiting=1) == [1]


def test_partials_are_greedy_and_so_is_what_is_decoded_beside_them():
    assert BeamPolicy().choose([PARTIAL, FINAL], waiting=0) == [1, 1]


def test_files_are_searched_widely_however_slow_where_nobody_live_waits():
    policy = BeamPolicy()
    policy.observe([5], seconds=60.0)
    assert policy.choose([FILE] * 8, waiting=0) == [5] * 8
    assert policy.choose([FILE] * 8, waiting=1) == [1] * 8


def test_the_wide_beam_is_tried_again_some_time_after_a_slow_call():
    policy = BeamPolicy()
    policy.observe([5], seconds=2.0)
    tries = 0
    while policy.choose([FINAL], waiting=0) == [1]:
        tries += 1
        assert tries < 100
    assert tries > 10


@pytest.mark.parametrize("beam", [1, 3, 5])
def test_a_beam_that_is_set_is_used_whatever_waits(beam):
    policy = BeamPolicy(beam)
    assert policy.choose([FINAL, FILE, PARTIAL], waiting=9) == [beam, beam, 1]


def test_the_setting_is_read_and_a_wrong_one_refused():
    assert read({}).beam is None
    assert read({"WHISPER_BEAM": "auto"}).beam is None
    assert read({"WHISPER_BEAM": "5"}).beam == 5
    for wrong in ("0", "6", "wide", "2.5"):
        with pytest.raises(BadSetting, match="WHISPER_BEAM"):
            read({"WHISPER_BEAM": wrong})
