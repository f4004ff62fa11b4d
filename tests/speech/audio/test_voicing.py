"""speech.audio.voicing: a voice has a pitch; breath, hiss and keys have none."""

from __future__ import annotations

import numpy as np
import pytest

from speech.audio.voicing import VoicingDetector
from tests.speech import sounds
from tools.invented_words import noises


@pytest.mark.parametrize("kind", ["white", "pink", "keyboard", "paper", "breath"])
def test_a_sound_without_pitch_shows_next_to_none(kind):
    found = [
        (one, VoicingDetector(one.audio).between(0.0, one.seconds)) for one in (noises.clip(kind, n) for n in range(4))
    ]
    assert sum(voicing.seconds for _, voicing in found) <= 0.1 * sum(one.seconds for one, _ in found)


@pytest.mark.parametrize("language", ["en", "zh", "ja"])
def test_a_sentence_has_pitch_for_a_good_part_of_its_time(language):
    audio = sounds.sentences(language)[0].audio
    seconds = len(audio) / sounds.RATE
    assert VoicingDetector(audio).between(0.0, seconds).seconds >= 0.25 * seconds


def test_pitch_is_found_where_it_is():
    tone = 0.1 * np.sin(2 * np.pi * 150 * np.arange(sounds.RATE) / sounds.RATE)
    quiet = 0.0001 * np.random.default_rng(3).standard_normal(sounds.RATE)
    ear = VoicingDetector(np.concatenate([quiet, tone, quiet]).astype(np.float32))
    assert ear.between(1.0, 2.0).seconds == pytest.approx(1.0, abs=0.1)
    assert ear.between(0.0, 0.9).seconds == 0.0
    assert ear.between(1.0, 2.0).above_floor > 40


def test_a_level_is_in_decibels_of_full_scale():
    tone = 0.1 * np.sin(2 * np.pi * 200 * np.arange(sounds.RATE) / sounds.RATE)
    assert VoicingDetector(tone.astype(np.float32)).between(0.0, 1.0).level == pytest.approx(-23.0, abs=0.5)


@pytest.mark.parametrize("samples", [1, 100, 640, 700])
def test_a_clip_shorter_than_a_frame_is_measured_all_the_same(samples):
    assert VoicingDetector(np.full(samples, 0.1, np.float32)).between(0.0, 1.0).seconds >= 0.0
