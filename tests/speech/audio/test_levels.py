"""speech.audio.levels: quiet speech is raised for the detector, noise alone is not."""

from __future__ import annotations

import numpy as np
import pytest

from speech.audio import levels, voice_detection
from tests.speech import sounds


def loud(audio: sounds.Audio) -> float:
    return float(np.percentile(levels.of_frames(audio), 90))


def at(audio: sounds.Audio, level: float) -> sounds.Audio:
    return (audio * 10 ** ((level - loud(audio)) / 20)).astype(np.float32)


@pytest.mark.parametrize("level", [-20, -46, -52, -58])
def test_quiet_speech_is_found_as_loud_speech_is(level):
    """Of a recording with 16 bits, whose last ones are all that such speech has."""
    for language in ("zh", "en", "ja"):
        speech = sounds.told(sounds.sentences(language)[:3], pause=1.0)
        quiet = (np.round(at(speech, level) * 32767) / 32767).astype(np.float32)
        found, usual = voice_detection.spans(quiet, 2), voice_detection.spans(at(speech, -20), 2)
        assert voice_detection.seconds(found) == pytest.approx(voice_detection.seconds(usual), rel=0.12)


@pytest.mark.parametrize("level", [-20, -40, -65])
def test_even_noise_earns_no_more_than_twenty_decibels(level):
    noise = at(np.random.default_rng(1).normal(0, 0.1, 160_000).astype(np.float32), level)
    assert loud(levels.raised(noise)) - loud(noise) <= 20.5


def test_raised_sound_stays_within_full_scale():
    speech = at(sounds.told(sounds.sentences("en")[:2], pause=0.5), -55)
    speech[1000] = 0.9
    assert np.abs(levels.raised(speech)).max() <= 1.0


def test_loud_speech_is_left_as_it_is():
    speech = at(sounds.told(sounds.sentences("en")[:2], pause=0.3), -12)
    assert np.allclose(levels.raised(speech), speech, atol=1e-6)


def test_somebody_far_from_the_microphone_is_raised_beside_somebody_near():
    sentence = sounds.told(sounds.sentences("zh")[:1], pause=0.0)
    both = np.concatenate([at(sentence, -16), np.zeros(32_000, np.float32), at(sentence, -50)])
    both += np.random.default_rng(2).normal(0, 1e-4, len(both)).astype(np.float32)
    half = len(both) // 2
    assert loud(levels.raised(both)[half:]) > -26


def test_silence_and_nothing_do_no_harm():
    assert levels.raised(np.zeros(0, np.float32)).size == 0
    assert not levels.raised(np.zeros(16_000, np.float32)).any()
    assert levels.sounding(np.zeros(16_000, np.float32)) == []


def test_what_stands_out_of_the_noise_sounds_and_the_noise_does_not():
    audio = np.random.default_rng(3).normal(0, 1e-3, 48_000).astype(np.float32)
    audio[16_000:24_000] += 0.05 * np.sin(np.arange(8000) * 0.2).astype(np.float32)
    ((start, end),) = levels.sounding(audio)
    assert start == pytest.approx(1.0, abs=0.06)
    assert end == pytest.approx(1.5, abs=0.06)
