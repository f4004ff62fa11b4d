"""speech.engines.whisper: the bundled model writes its sentences to the letter, alone or in a batch."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from speech.engines import EngineError, Hypothesis, Options, Row
from speech.transcription.hallucinations import judge
from tests.speech import sounds


def hear(engine, clips, options):
    """What an engine hears in clips of like options, none of which it may refuse."""
    outcomes = engine.transcribe([Row(clip, options) for clip in clips])
    assert all(isinstance(outcome, Hypothesis) for outcome in outcomes), outcomes
    return outcomes


@pytest.mark.parametrize("language", ["zh", "en", "ja"])
@pytest.mark.parametrize("given", [True, False], ids=["given", "detected"])
def test_sentences_come_back_to_the_letter(engine, language, given):
    chosen = sounds.sentences(language)[:4]
    heard = hear(engine, [s.audio for s in chosen], Options(language=language if given else None))
    assert [h.text for h in heard] == [s.text for s in chosen]
    assert {h.language for h in heard} == {language}


def test_languages_mix_in_a_batch_and_each_row_keeps_its_own(engine):
    chosen = [sounds.sentences(language)[3] for language in ("zh", "en", "ja", "zh")]
    heard = hear(engine, [s.audio for s in chosen], Options())
    assert [(h.text, h.language) for h in heard] == [(s.text, s.language) for s in chosen]


def test_a_clip_gives_the_same_in_a_batch_as_alone_whatever_its_neighbours(engine):
    word = sounds.sentences("en")[1].audio * np.float32(0.02)
    loud = np.clip(sounds.sentences("ja")[2].audio * 5, -1, 1).astype(np.float32)
    alone = hear(engine, [word], Options())[0]
    beside = hear(engine, [loud, word, loud], Options())[1]
    assert beside.text == alone.text
    assert beside.avg_logprob == pytest.approx(alone.avg_logprob, abs=1e-3)


def test_detection_keeps_to_the_languages_that_are_allowed(engine):
    word = sounds.sentences("ja")[0].audio
    assert hear(engine, [word], Options(languages=("en", "zh")))[0].language in ("en", "zh")
    assert hear(engine, [word], Options(languages=("en", "ja")))[0].language == "ja"


def test_time_stamps_lie_where_the_speech_is_and_leave_the_text_alone(engine):
    sentence = sounds.sentences("zh")[0]
    heard = hear(engine, [sentence.audio], Options(timestamps=True))[0]
    assert heard.text == sentence.text
    assert [s.text for s in heard.segments] == [sentence.text]
    assert heard.segments[0].start == pytest.approx(sentence.speech_start, abs=0.3)
    assert heard.segments[0].end == pytest.approx(sentence.speech_end, abs=0.3)


def test_a_prompt_does_no_harm(engine):
    first, second = sounds.sentences("en")[:2]
    assert hear(engine, [second.audio], Options(prompt=first.text))[0].text == second.text


def test_translating_gives_english(engine):
    text = hear(engine, [sounds.sentences("zh")[0].audio], Options(language="zh", task="translate"))[0].text
    assert text.isascii()
    assert "meeting" in text


@pytest.mark.parametrize("audio", [np.zeros(16_000, np.float32), sounds.noise("white", 5.0, 0.02)])
def test_what_is_asked_of_silence_and_noise_is_dropped_by_the_checks(engine, audio):
    heard = hear(engine, [audio], Options())[0]
    assert not heard.text or judge(heard, 0.0) is not None


@pytest.mark.parametrize("length", [1, 100, 16_000 * 30])
def test_any_length_up_to_the_window_will_do(engine, length):
    assert len(hear(engine, [np.zeros(length, np.float32)], Options(fallback=False))) == 1


def test_an_error_in_the_model_says_whether_to_retry(engine):
    (outcome,) = engine.transcribe([Row(np.zeros(100, np.float32), Options(language="klingon"))])
    assert isinstance(outcome, EngineError)
    assert not outcome.retryable


def test_bfloat16_writes_the_same_sentences():
    from speech.engines.whisper import WhisperEngine
    from speech.models import choice

    half = WhisperEngine(choice.DEMO, model="demo", demo=True, device="cpu", dtype="bfloat16")
    chosen = sounds.sentences("zh")[:3]
    assert [h.text for h in hear(half, [s.audio for s in chosen], Options())] == [s.text for s in chosen]


def test_what_it_can_do_is_said(engine):
    can = dataclasses.asdict(engine.capabilities)
    assert can["languages"] == ("en", "ja", "zh")
    assert can["translates"]
    assert can["window_seconds"] == 30.0


@pytest.mark.parametrize("language", ["zh", "en", "ja"])
def test_a_window_that_just_holds_the_clip_gives_the_same_sentences(engine, language):
    chosen = sounds.sentences(language)[:3]
    heard = hear(engine, [s.audio for s in chosen], Options(language=language, window="bucketed"))
    assert [h.text for h in heard] == [s.text for s in chosen]


def test_windows_of_several_lengths_go_in_one_batch_and_come_back_in_order(engine):
    short, long = sounds.sentences("en")[0].audio, sounds.told(sounds.sentences("zh")[:5], 0.5)
    rows = [Row(audio, Options(window=window)) for audio in (short, long) for window in ("padded", "bucketed", None)]
    assert [one.language for one in engine.transcribe(rows)] == ["en"] * 3 + ["zh"] * 3


def test_where_memory_runs_out_in_mid_batch_its_halves_are_heard(monkeypatch):
    from speech.engines.whisper import WhisperEngine
    from speech.models import choice

    engine = WhisperEngine(choice.DEMO, model="demo", demo=True, device="cpu", dtype="float32")
    listened, sizes = engine._whisper.listened, []

    def short_of_memory(features):
        sizes.append(len(features))
        if len(features) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")
        return listened(features)

    monkeypatch.setattr(engine._whisper, "listened", short_of_memory)
    chosen = sounds.sentences("en")[:5]
    heard = hear(engine, [s.audio for s in chosen], Options(language="en"))
    assert [h.text for h in heard] == [s.text for s in chosen]
    assert sizes == [5, 2, 3, 1, 2]

    monkeypatch.setattr(engine._whisper, "listened", lambda features: short_of_memory(features.repeat(3, 1, 1)))
    (alone,) = engine.transcribe([Row(chosen[0].audio)])
    assert isinstance(alone, EngineError)
    assert alone.retryable
