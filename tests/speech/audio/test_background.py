"""speech.audio.background: the browser's rule, frame for frame, and the sounds it is there for."""

from __future__ import annotations

import json
from itertools import groupby

import numpy as np
import pytest

from speech.audio.background import Background, Bands
from speech.audio.segmenter import Rules, Stretch
from speech.audio.stream_clips import ClipStream
from tests.speech import sounds
from tests.speech_process import ROOT

CASES = json.loads((ROOT / "tests" / "fixtures" / "background.json").read_text(encoding="utf-8"))["cases"]
SAID = sounds.sentences("en")[:3]


def counts(answers: list[bool]) -> list[int]:
    """For how many answers it stays the same, the first count for no."""
    runs = [(answer, len(list(run))) for answer, run in groupby(answers)]
    return [*([] if not runs[0][0] else [0]), *(count for _, count in runs)]


def hum(seconds: float, hertz: int, dbfs: float) -> sounds.Audio:
    """A hum of the mains with its harmonics; `dbfs`: its RMS."""
    at = np.arange(round(seconds * sounds.RATE)) / sounds.RATE
    parts = (1, 0.5, 0.3, 0.2, 0.1, 0.05)
    sound = sum(part * np.sin(2 * np.pi * hertz * (n + 1) * at + n) for n, part in enumerate(parts))
    return np.asarray(sound / np.std(sound) * 10 ** (dbfs / 20), np.float32)


def clips(audio: sounds.Audio, aggressiveness: int) -> list[Stretch]:
    microphone = ClipStream(Rules(), aggressiveness)
    return microphone.push(audio) + microphone.finish()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_browsers_own_cases(case):
    background = Background()
    answers = [background.push(levels) for count, *levels in case["runs"] for _ in range(count)]
    assert counts(answers) == case["stands_out"]


@pytest.mark.parametrize(("hertz", "band"), [(300, 0), (2000, 1)])
def test_band_levels_of_a_tone_are_its_own_in_its_band(hertz, band):
    at = np.arange(sounds.RATE) / sounds.RATE
    levels = np.array(Bands().push((np.sqrt(2) * 0.1 * np.sin(2 * np.pi * hertz * at)).astype(np.float32)))[5:]
    assert np.allclose(levels[:, band], -20, atol=1)
    assert (levels[:, 1 - band] < -29).all()


@pytest.mark.parametrize("aggressiveness", [0, 1, 2, 3])
@pytest.mark.parametrize("dbfs", [-30, -56])
def test_hum_and_noise_alone_open_no_clip(aggressiveness, dbfs):
    level = 10 ** (dbfs / 20)
    for hertz in (60, 100, 120):
        assert clips(hum(20, hertz, dbfs), aggressiveness) == [], f"{hertz} Hz"
    for colour in ("brown", "pink", "fan"):
        assert clips(sounds.noise(colour, 20, level), aggressiveness) == [], colour


@pytest.mark.parametrize("aggressiveness", [0, 1, 2, 3])
@pytest.mark.parametrize("below", [10, 5, 0])
@pytest.mark.parametrize("kind", ["hum", "brown"])
def test_speech_over_hum_or_brown_noise_lies_in_clips(aggressiveness, below, kind):
    spoken = sounds.told(SAID, pause=1.5)
    loud = np.concatenate([np.abs(sentence.audio) for sentence in SAID])
    dbfs = 20 * np.log10(np.sqrt((loud.astype(np.float64) ** 2).mean()))
    audio = np.concatenate([np.zeros(3 * sounds.RATE, np.float32), spoken])
    level = float(dbfs) - below
    seconds = len(audio) / sounds.RATE
    audio += (
        hum(seconds, 120, level) if kind == "hum" else sounds.noise("brown", seconds, 10 ** (level / 20))[: len(audio)]
    )
    kept = np.zeros(len(audio) // 16 + 30, np.bool_)
    for clip in clips(audio, aggressiveness):
        kept[max(0, clip.start) : clip.end] = True
    at, found, total = 3000.0, 0, 0
    for sentence in SAID:
        begin, end = (round(at + 1000 * second) for second in (sentence.speech_start, sentence.speech_end))
        found, total = found + int(kept[begin:end].sum()), total + end - begin
        at += len(sentence.audio) / 16 + 1500
    assert found / total >= 0.95
