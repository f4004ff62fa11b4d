"""speech.transcription.hallucinations: invented text goes, with its reason; what a person said stays."""

from __future__ import annotations

import pytest

from speech.engines import Hypothesis
from speech.transcription.hallucinations import Suppressed, judge


def sure(text: str, language: str = "en") -> Hypothesis:
    return Hypothesis(text, language, avg_logprob=-0.2, no_speech_prob=0.01)


def unsure(text: str, language: str = "en") -> Hypothesis:
    return Hypothesis(text, language, avg_logprob=-0.9, no_speech_prob=0.2)


PHANTOMS = [
    ("Thanks for watching!", "en"),
    ("Thank you.", "en"),
    ("you", "en"),
    ("Subtitles by the Amara.org community", "en"),
    ("謝謝觀看", "zh"),
    ("谢谢观看!", "zh"),
    ("請不吝點贊 訂閱 轉發 打賞支持明鏡與點點欄目", "zh"),
    ("中文字幕志愿者 李宗盛", "zh"),
    ("ご視聴ありがとうございました", "ja"),
    ("チャンネル登録よろしくお願いします。", "ja"),
    ("Thank you. Thank you. Thank you.", "en"),
]


@pytest.mark.parametrize(("text", "language"), PHANTOMS)
def test_a_known_phantom_goes_where_the_model_doubts_it(text, language):
    suppressed = judge(unsure(text, language), voiced_seconds=5.0)
    assert suppressed is not None
    assert (suppressed.text, suppressed.reason) == (text, "phantom")


@pytest.mark.parametrize(("text", "language"), PHANTOMS[:-1])
def test_the_same_words_stay_where_a_voice_said_them(text, language):
    assert judge(sure(text, language), voiced_seconds=2.5) is None


def test_a_phantom_goes_where_the_voice_is_too_short_for_it():
    assert judge(sure("ご視聴ありがとうございました", "ja"), voiced_seconds=0.3) is not None


def test_a_sentence_that_only_contains_a_phantom_stays():
    assert judge(unsure("Thank you for the report, we start on Monday."), voiced_seconds=3.0) is None


@pytest.mark.parametrize(("text", "language"), [("Yeah.", "en"), ("對", "zh"), ("Ja", "de"), ("うん", "ja")])
def test_a_short_word_stays_even_when_the_model_is_unsure(text, language):
    assert judge(unsure(text, language), voiced_seconds=0.2) is None


def test_what_whisper_itself_calls_no_speech_goes():
    heard = Hypothesis("The", "en", avg_logprob=-2.8, no_speech_prob=0.97)
    assert judge(heard, 5.0) == Suppressed("The", "no-speech")


def test_a_high_no_speech_probability_alone_does_not_drop_a_text_the_model_is_sure_of():
    assert judge(Hypothesis("We start now.", "en", avg_logprob=-0.3, no_speech_prob=0.9), 2.0) is None


def test_text_that_compresses_too_well_goes():
    heard = Hypothesis("ha " * 90, "en", avg_logprob=-0.1, compression_ratio=9.0)
    assert judge(heard, 5.0) == Suppressed("ha " * 90, "compression")


@pytest.mark.parametrize("text", ["我們下週見面" * 6, "and then we go " * 6, "はいそうです、" * 8])
def test_a_phrase_said_over_and_over_goes(text):
    assert judge(sure(text), 10.0) == Suppressed(text, "repetition")


@pytest.mark.parametrize(
    "text", ["No, no, no, no.", "對對對對", "一二三四五六七八九十", "The meeting is at ten, ten thirty."]
)
def test_ordinary_repeating_stays(text):
    assert judge(sure(text), 3.0) is None


def test_an_empty_text_is_nothing_to_suppress():
    assert judge(unsure(""), 0.0) is None
