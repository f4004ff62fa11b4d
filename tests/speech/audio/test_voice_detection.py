"""speech.audio.voice_detection: a voice passes, however short; silence and steady noise do not, however loud."""

from __future__ import annotations

import numpy as np
import pytest

from speech.audio import codec, voice_detection
from tests.speech import sounds


def heard(audio: sounds.Audio, aggressiveness: int | None = 2) -> float:
    return voice_detection.seconds(voice_detection.spans(codec.raised(audio), aggressiveness))


@pytest.mark.parametrize("language", ["zh", "en", "ja"])
def test_every_sentence_is_found_where_it_is(language):
    for sentence in sounds.sentences(language, exact=False):
        spans = voice_detection.spans(sentence.audio, 2)
        assert spans[0].start < sentence.speech_start + 0.3, sentence.path.name
        assert spans[-1].end > sentence.speech_end - 0.3, sentence.path.name


@pytest.mark.parametrize("aggressiveness", [1, 2, 3])
def test_two_hundred_milliseconds_of_speech_pass(aggressiveness):
    room = sounds.noise("pink", 2.2, 0.0005)
    for sentence in sounds.sentences():
        first = round((sentence.speech_start + 0.1) * 16_000)
        word = room.copy()
        word[16_000:19_200] += sentence.audio[first : first + 3_200]
        assert heard(word, aggressiveness) > 0, sentence.path.name


@pytest.mark.parametrize("level", [0.003, 0.01, 0.1])
def test_quiet_speech_passes(level):
    assert all(heard((s.audio * level).astype(np.float32)) > 0.5 for s in sounds.sentences())


@pytest.mark.parametrize("colour", ["pink", "fan", "brown"])
def test_speech_in_steady_noise_ten_decibels_below_it_passes(colour):
    for sentence in sounds.sentences():
        audio = sentence.audio
        level = float(np.sqrt((audio**2).mean())) * 10 ** (-10 / 20)
        assert heard(audio + sounds.noise(colour, len(audio) / 16_000, level)[: len(audio)]) > 0, sentence.path.name


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.5, 20.0])
def test_silence_holds_no_speech(seconds):
    assert heard(np.zeros(round(seconds * 16_000), np.float32)) == 0


@pytest.mark.parametrize("colour", ["white", "pink", "brown", "fan"])
@pytest.mark.parametrize("level", [0.0005, 0.003, 0.01, 0.05, 0.2])
def test_steady_noise_holds_no_speech(colour, level):
    minute = sounds.noise(colour, 60.0, level)
    assert heard(minute) == 0
    assert not any(heard(minute[at : at + 48_000]) for at in range(0, len(minute), 48_000))


def test_a_fan_through_a_recorder_holds_no_speech():
    assert heard(codec.decode(sounds.webm(sounds.noise("fan", 20.0, 0.05)))) == 0


def test_a_fan_that_is_switched_on_and_off_is_no_speech():
    sound = np.zeros(16_000 * 7, np.float32)
    sound[16_000 : 16_000 * 6] = sounds.noise("fan", 5.0, 0.05)
    assert heard(sound) == 0


def test_a_word_among_the_noise_of_a_fan_passes():
    sound = sounds.noise("fan", 10.0, 0.01)
    word = sounds.sentences("zh")[0].audio
    sound[64_000 : 64_000 + len(word)] += word
    assert heard(sound) > 0


def test_off_takes_everything_as_speech():
    assert voice_detection.spans(np.zeros(8_000, np.float32), None) == [voice_detection.Span(0.0, 0.5)]


def test_a_clip_is_judged_alone():
    loud, word = sounds.noise("white", 3.0, 0.3), sounds.sentences("en")[0].audio
    before = voice_detection.spans(word, 2)
    voice_detection.spans(loud, 2)
    assert voice_detection.spans(word, 2) == before


def test_samples_out_of_range_or_no_numbers_do_no_harm():
    assert voice_detection.spans(np.full(5_000, np.nan, np.float32), 2) == []
    voice_detection.spans(np.full(5_001, 9.0, np.float32), 2)
