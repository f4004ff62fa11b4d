"""Beam search in single precision gives openai-whisper's text, token for token, alone and in whatever batch."""

from __future__ import annotations

from dataclasses import replace

import pytest

from speech.engines import EngineError, Options, Row
from speech.engines.whisper import WhisperEngine
from speech.models import choice
from tests.speech.decoder.reference import Clip, Reference, random_weights
from tests.speech.decoder.test_equal import assert_equal, clips, heard

BEAMS = (1, 5, 2, 5, 3, 4)  # side by side in one batch


@pytest.fixture(scope="module")
def bundled() -> Reference:
    return Reference(choice.DEMO)


def with_beams(chosen: list[Clip], beams=BEAMS) -> list[Clip]:
    return [
        Clip(clip.audio, replace(clip.options, beam=beams[i % len(beams)], max_tokens=clip.options.max_tokens or 40))
        for i, clip in enumerate(chosen)
    ]


def test_rows_of_different_beams_in_one_batch_write_what_openai_whisper_does(engine, bundled):
    chosen = with_beams(clips(12, [None, "zh", "en", "ja"], seed=7))
    together = heard(engine, chosen, 8)
    assert_equal(bundled, chosen, together)
    assert [one.tokens for one in heard(engine, chosen, 1)] == [one.tokens for one in together]


@pytest.mark.parametrize("beam", [2, 5])
def test_a_beam_that_all_rows_share_writes_what_openai_whisper_does(engine, bundled, beam):
    chosen = with_beams(clips(8, [None, "zh", "en", "ja"], seed=11), [beam])
    assert_equal(bundled, chosen, heard(engine, chosen, 8))


@pytest.mark.parametrize(("beam", "others"), [(1, 5), (5, 1)])
def test_rows_that_may_write_few_tokens_wait_beside_those_that_may_write_many(engine, beam, others):
    # in a batch most of which goes on, a row that is done stays: with another search than its neighbours'
    chosen = with_beams(clips(6, ["zh", "en", "ja"], seed=3), [others])
    chosen[2] = Clip(chosen[2].audio, replace(chosen[2].options, beam=beam, max_tokens=2))
    alone = [one.tokens for one in heard(engine, chosen, 1)]
    assert len(alone[2]) == 2
    assert sum(len(tokens) > 2 for tokens in alone) >= 4
    assert [one.tokens for one in heard(engine, chosen, 8)] == alone


def test_captured_steps_search_with_the_same_beams(engine):
    static = WhisperEngine(choice.DEMO, model="demo", demo=True, device="cpu", dtype="float32", static=True)
    chosen = with_beams(clips(5, [None, "zh", "en", "ja"], seed=13))
    wanted = [one.tokens for one in heard(engine, chosen, 8)]
    for batch in (5, 2):  # a graph is for more rows and beams than are there, and used again
        assert [one.tokens for one in heard(static, chosen, batch)] == wanted


def test_random_weights_of_a_real_shape_are_searched_alike(tmp_path):
    _compare_shape(tmp_path, "tiny", 4)


@pytest.mark.long
@pytest.mark.timeout(1500)
@pytest.mark.parametrize(("shape", "count"), [("tiny.en", 6), ("base", 8)])
def test_random_weights_of_small_shapes_are_searched_alike(tmp_path, shape, count):
    _compare_shape(tmp_path, shape, count)


@pytest.mark.nightly
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("shape", "count"), [("small", 4), ("medium", 2), ("turbo", 2), ("large-v3", 2)])
def test_random_weights_of_large_shapes_are_searched_alike(tmp_path, shape, count):
    _compare_shape(tmp_path, shape, count)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("batch", [1, 8])
def test_the_bundled_models_beams_write_the_same_on_60_clips(engine, bundled, batch):
    chosen = with_beams(clips(60, [None, "zh", "en", "ja"]), (5, 1, 5, 3))
    assert_equal(bundled, chosen, heard(engine, chosen, batch))


def _compare_shape(folder, shape, count):
    path = random_weights(folder / f"{shape}.pt", shape)
    engine = WhisperEngine(path, model=shape, demo=False, device="cpu", dtype="float32")
    languages = ["en"] if shape.endswith(".en") else ["zh", "en", "ja", "de"]
    # whatever the dice say, neighbours differ in their beams, and in whether they have time stamps
    chosen = [
        Clip(clip.audio, replace(clip.options, timestamps=i % 2 == 1))
        for i, clip in enumerate(with_beams(clips(count, languages, seed=len(shape)), (5, 5, 1, 3)))
    ]
    together = heard(engine, chosen, 8)
    del engine
    assert_equal(Reference(path), chosen, together)
    path.unlink()


@pytest.mark.parametrize("beam", [0, 6])
def test_beams_out_of_range_are_refused(engine, beam):
    (outcome,) = engine.transcribe([Row(clips(1, ["en"])[0].audio, Options(language="en", beam=beam))])
    assert isinstance(outcome, EngineError)
    assert not outcome.retryable
