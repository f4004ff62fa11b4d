"""speech.transcription.second_pass: a clip without any text is a gap, one whose text is held back is not."""

from __future__ import annotations

import numpy as np
import pytest

from speech.audio.samples import Span
from speech.engine_types import Hypothesis, Segment
from speech.transcription.recording import Clip
from speech.transcription.second_pass import complete

NOTHING = Hypothesis("", "en", avg_logprob=-0.3)


async def deaf(part: Clip, language: str | None) -> Hypothesis:
    return NOTHING


def clip(*speech: tuple[float, float]) -> Clip:
    return Clip(2.0, np.zeros(15 * 16_000, np.float32), tuple(Span(*one) for one in speech))


@pytest.mark.parametrize("speech", [((0.5, 4.0),), ((0.5, 4.0), (6.0, 9.5))])
async def test_speech_without_any_text_is_a_gap_in_one_stretch_and_in_several(speech):
    found = await complete(clip(*speech), NOTHING, deaf)
    assert [(gap.start - 2.0, gap.end - 2.0) for gap in found.gaps] == list(speech)


async def test_a_cough_without_text_is_no_gap():
    assert (await complete(clip((0.5, 1.0)), NOTHING, deaf)).gaps == ()


async def test_text_that_is_held_back_is_no_gap():
    phantom = Hypothesis("Thank you.", "en", no_speech_prob=0.5, segments=(Segment(0.5, 4.0, "Thank you."),))
    assert (await complete(clip((0.5, 4.0)), phantom, deaf)).gaps == ()
