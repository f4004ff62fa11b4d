"""The real `base` on people's voices: the text is openai-whisper's, token for token, greedy and by beam search."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from speech.audio import codec
from speech.engines import SAMPLE_RATE, Options
from speech.engines.whisper import WhisperEngine
from tests import human_speech
from tests.speech.decoder.reference import Clip, Reference
from tests.speech.decoder.test_equal import assert_equal, heard

WINDOW = 30 * SAMPLE_RATE  # samples that a row holds
PROMPTS = {"zh": "今天的會議開始了。", "en": "Let us begin with the budget.", "ja": "次の会議は来週です。"}


@pytest.fixture(scope="module")
def real_engine(real_model: Path) -> WhisperEngine:
    return WhisperEngine(real_model, model="base", demo=False, device="cpu", dtype="float32")


@pytest.fixture(scope="module")
def real_reference(real_model: Path) -> Reference:
    return Reference(real_model)


def spoken(ways: list[tuple[int, bool, bool]], every: int = 1) -> list[Clip]:
    """People's recordings, each to be heard in the next of these ways: its beam, with time stamps, with a prompt."""
    found = []
    for number, recording in enumerate(human_speech.recordings("human")[::every]):
        beam, timestamps, prompted = ways[number % len(ways)]
        language = recording.given or "zh"
        options = Options(
            language=language,
            prompt=PROMPTS[language] if prompted else None,
            timestamps=timestamps,
            beam=beam,
            fallback=False,
        )
        found.append(Clip(np.ascontiguousarray(codec.decode(recording.sound)[:WINDOW]), options))
    return found


def test_a_mixed_batch_of_peoples_voices_has_the_same_tokens(real_engine, real_reference):
    ways = [(5, True, False), (1, False, True), (5, False, True), (1, True, False), (3, True, False)]
    chosen = spoken(ways, every=5)[:8]
    assert_equal(real_reference, chosen, heard(real_engine, chosen, 8))


@pytest.mark.nightly
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("timestamps", [False, True], ids=["text", "stamps"])
@pytest.mark.parametrize("beam", [1, 5])
def test_all_recordings_of_people_have_the_same_tokens(real_engine, real_reference, beam, timestamps):
    chosen = spoken([(beam, timestamps, False)])
    assert_equal(real_reference, chosen, heard(real_engine, chosen, 8))


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_all_recordings_in_mixed_batches_have_the_same_tokens(real_engine, real_reference):
    ways = [(5, True, True), (1, False, False), (5, False, True), (1, True, True), (2, True, False), (3, False, False)]
    chosen = spoken(ways)
    assert_equal(real_reference, chosen, heard(real_engine, chosen, 8))
