"""A row's spectrogram is what openai-whisper makes of it alone, whoever its neighbours are."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import whisper

from speech.decoder.mel import LogMel
from tests.speech import sounds

LENGTHS = [1, 159, 400, 16_000, 16_001, 170_003, 479_599, 479_600, 480_000]


def clip(length: int) -> sounds.Audio:
    found: sounds.Audio = np.random.default_rng(length).standard_normal(length).astype(np.float32) * np.float32(0.1)
    return found


@pytest.mark.parametrize("bands", [80, 128])
@pytest.mark.parametrize("length", LENGTHS)
def test_it_is_openai_whispers(bands, length):
    (found,) = LogMel(bands, torch.device("cpu"))([clip(length)], 30.0)
    wanted = whisper.log_mel_spectrogram(whisper.pad_or_trim(clip(length)), bands)
    assert found.shape == wanted.shape == (bands, 3000)
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=0)


def test_a_loud_neighbour_changes_nothing():
    mel = LogMel(80, torch.device("cpu"))
    quiet = clip(32_000) * np.float32(0.001)
    torch.testing.assert_close(mel([quiet, clip(90_000)], 30.0)[0], mel([quiet], 30.0)[0])


@pytest.mark.parametrize("seconds", [10.0, 15.0, 20.0])
def test_a_shorter_window_is_the_beginning_of_a_longer_one(seconds):
    mel = LogMel(80, torch.device("cpu"))
    short, long = mel([clip(100_000)], seconds), mel([clip(100_000)], 30.0)
    assert short.shape == (1, 80, seconds * 100)
    torch.testing.assert_close(short, long[:, :, : round(seconds * 100)])
