"""Rows leave when they are done, stop at their caps, and are written by dice of their own."""

from __future__ import annotations

import numpy as np
import pytest

from speech.decoder.loop import Plan
from speech.decoder.steps import PROVEN, fitting
from speech.engines import Hypothesis, Options, Row
from speech.engines.whisper import WhisperEngine
from speech.models import choice
from tests.speech import sounds
from tests.speech.decoder.reference import random_weights

SHORT = sounds.sentences("en")[0]
LONG = max(sounds.sentences("en"), key=lambda one: len(one.text))


def tokens(engine, *rows):
    return [one.tokens for one in engine.transcribe(rows)]


def test_a_row_stops_at_its_cap_and_its_neighbour_does_not(engine):
    capped, whole = tokens(
        engine, Row(LONG.audio, Options(language="en", max_tokens=3)), Row(LONG.audio, Options(language="en"))
    )
    assert capped == whole[:3]
    assert len(whole) > 3


@pytest.mark.parametrize("others", [1, 3, 7])
def test_those_who_are_done_leave_and_the_rest_go_on_unchanged(engine, others):
    alone = tokens(engine, Row(LONG.audio))[0]
    brief = [Row(SHORT.audio, Options(language="en", max_tokens=1 + i % 2)) for i in range(others)]
    assert tokens(engine, *brief, Row(LONG.audio))[-1] == alone


def test_the_context_is_never_outgrown(engine):
    """Earlier text as long as it may be, and a cap that asks for more than is left."""
    options = Options(language="en", prompt="word " * 400, max_tokens=448, fallback=False)
    found = engine.transcribe([Row(np.zeros(16_000, np.float32), options)])[0]
    assert isinstance(found, Hypothesis)
    assert len(found.tokens) <= 448


def test_dice_are_a_rows_own(engine):
    """What is heard in noise at higher temperatures does not depend on who else is in the batch."""
    noise = Row(sounds.noise("white", 3.0, 0.05, seed=4), Options(language="en"))
    alone = engine.transcribe([noise])[0]
    beside = engine.transcribe([Row(LONG.audio), noise, Row(SHORT.audio)])[1]
    assert alone.temperature > 0 or alone.no_speech_prob > 0.6
    assert (beside.tokens, beside.temperature) == (alone.tokens, alone.temperature)


@pytest.mark.parametrize("static", [False, True])
def test_a_long_beginning_leaves_its_neighbours_their_whole_context(static):
    """Aligned at their ends, the two would need more places than there are."""
    engine = WhisperEngine(choice.DEMO, model="demo", demo=True, device="cpu", dtype="float32", static=static)
    engine.rules.bar_the_end()
    long = Row(SHORT.audio, Options(language="en", prompt="word " * 400, fallback=False))
    plain = Row(LONG.audio, Options(language="en", fallback=False))
    together, alone = tokens(engine, long, plain), [tokens(engine, row)[0] for row in (long, plain)]
    assert together == alone
    assert len(together[1]) == 224


@pytest.mark.parametrize(
    ("given", "caps", "groups"),
    [
        ([4, 4, 4], [224] * 3, [[0, 1, 2]]),
        ([228, 4, 227], [221, 224, 222], [[1], [2], [0]]),
        ([228, 4, 228], [221, 224, 221], [[1], [0, 2]]),
        ([225, 4], [224, 3], [[0, 1]]),
        ([228], [221], [[0]]),
    ],
)
def test_rows_go_together_that_find_room_behind_each_other(given, caps, groups):
    plans = [Plan((0,) * n, 0, cap) for n, cap in zip(given, caps, strict=True)]
    found = fitting(plans, 448)
    assert found == groups
    for rows in found:
        assert max(given[i] for i in rows) + max(caps[i] for i in rows) <= 449


def test_once_memory_is_back_batches_are_captured_again():
    engine = WhisperEngine(choice.DEMO, model="demo", demo=True, device="cpu", dtype="float32", static=True)
    rows = [Row(SHORT.audio, Options(language="en", fallback=False, max_tokens=2))] * 3
    engine._steps.shrink()
    engine._steps.shrink()
    assert engine._steps._most == 2
    for _ in range(PROVEN):
        engine.transcribe(rows)
    assert engine._steps._most == 4
    assert not engine._steps._frames
    engine.transcribe(rows)
    assert engine._steps._frames


def test_one_token_given_alone_sees_nothing_of_the_clip_before(tmp_path):
    """As an English-only model with time stamps begins: as captured steps, after another batch in the same memory."""
    path = random_weights(tmp_path / "tiny.en.pt", "tiny.en")
    options = Options(language="en", timestamps=True, fallback=False, max_tokens=6)
    eager, static = (
        WhisperEngine(path, model="tiny.en", demo=False, device="cpu", dtype="float32", static=way)
        for way in (False, True)
    )
    static.transcribe([Row(LONG.audio, Options(language="en", fallback=False, max_tokens=20))])
    (wanted,), (found,) = (one.transcribe([Row(SHORT.audio, options)]) for one in (eager, static))
    assert found.tokens == wanted.tokens
    assert found.no_speech_prob == pytest.approx(wanted.no_speech_prob, abs=1e-4)
