"""Rows leave when they are done, stop at their caps, and are written by dice of their own."""

from __future__ import annotations

import numpy as np
import pytest

from speech.engines import Hypothesis, Options, Row
from tests.speech import sounds

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
