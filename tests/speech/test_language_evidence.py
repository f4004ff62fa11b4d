"""speech.language_evidence: the languages of a speaker's last lines decide short speech in doubt, never a sentence."""

from __future__ import annotations

import numpy as np
import pytest

from speech import language_evidence, loading
from speech.audio.samples import Span
from speech.config import Config
from speech.engines import Engine, Hypothesis, Options, Row
from tests.speech import sounds

LANGUAGES = ("en", "ja", "zh")
DOUBTFUL = np.random.default_rng(1).standard_normal(8000).astype(np.float32) * 0.01  # half a second of no language


@pytest.fixture(scope="module", params=["whisper", "faster-whisper"])
def either(request, engine, tmp_path_factory) -> Engine:
    """Each engine with the bundled model."""
    if request.param == "whisper":
        return engine
    pytest.importorskip("faster_whisper", reason="requirements-faster-whisper.txt is not installed")
    folder = tmp_path_factory.mktemp("models")
    return loading.load(
        Config(model="demo", model_dir=folder, device="cpu", engine="faster-whisper"), lambda line: None
    )


def language_of(engine: Engine, row: Row) -> str:
    [heard] = engine.transcribe([row])
    assert isinstance(heard, Hypothesis), heard
    return heard.language


@pytest.mark.parametrize("expected", LANGUAGES)
def test_half_a_second_in_doubt_is_in_the_language_of_the_last_lines(either, expected):
    options = Options(languages=LANGUAGES, expected=(expected,) * 5, max_tokens=1, fallback=False)
    assert language_of(either, Row(DOUBTFUL, options)) == expected


@pytest.mark.parametrize("spoken", LANGUAGES)
def test_a_sentence_is_in_its_own_language_after_five_lines_in_another(either, spoken):
    sentence = max(sounds.sentences(spoken), key=lambda one: one.seconds)
    for other in set(LANGUAGES) - {spoken}:
        assert language_of(either, Row(sentence.audio, Options(expected=(other,) * 5))) == spoken


@pytest.mark.parametrize(
    ("seconds", "speech", "counts"),
    [
        (1.9, (), True),
        (2.0, (), False),
        (4.0, (Span(1.0, 1.6), Span(2.0, 3.0)), True),
        (4.0, (Span(1.0, 3.0),), False),
    ],
)
def test_evidence_counts_for_less_than_two_seconds_of_speech(seconds, speech, counts):
    row = Row(np.zeros(round(16_000 * seconds), np.float32), Options(expected=("ja",)), speech=speech)
    assert language_evidence.languages(row) == (("ja",) if counts else ())


def test_a_language_weighs_more_with_each_of_the_last_lines_in_it():
    assert (
        language_evidence.weight("zh", ())
        == language_evidence.weight("zh", ("en", "en"))
        == language_evidence.UNSPOKEN_WEIGHT
    )
    assert language_evidence.weight("en", ("en", "zh", "en")) == 2 + language_evidence.UNSPOKEN_WEIGHT
