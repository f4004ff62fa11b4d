"""Voicing: signs of a voice in a stretch of sound, from the sound alone: pitch, level, and level above the noise. Pure.

A voiced sound repeats itself 70 to 400 times a second. Breath, keys, doors, fans and paper do not; a hum, music and a
dog do, so pitch is needed for a voice but proves none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from speech.audio.samples import SAMPLE_RATE, Audio

FRAME = 640  # 40 ms: three periods of the lowest voice
HOP = 320
LOWEST_HERTZ, HIGHEST_HERTZ = 70.0, 400.0
BAND = (100.0, 1000.0)  # where pitch is looked for; hiss and rumble lie outside
PERIODIC = 0.75  # autocorrelation, 0 to 1, from which on a frame has a pitch
STANDS_OUT_DB = 8.0  # a frame with a pitch counts where it is so much above the clip's floor
FLOOR_PERCENTILE, LOUD_PERCENTILE = 10, 95


@dataclass(frozen=True)
class Voicing:
    """`seconds`: how long there is a pitch. `level`: of the loudest frames, dBFS. `above_floor`: of them above the
    clip's quietest frames, dB."""

    seconds: float
    level: float
    above_floor: float


class VoicingDetector:
    """The frames of one clip, looked at once: float32 (samples,), 16 kHz."""

    def __init__(self, audio: Audio) -> None:
        frames = _frames(audio)
        self._levels = 10 * np.log10((frames**2).mean(axis=1) + 1e-12)
        self.floor, loud = (float(np.percentile(self._levels, share)) for share in (FLOOR_PERCENTILE, LOUD_PERCENTILE))
        self._least = min(self.floor + STANDS_OUT_DB, loud - STANDS_OUT_DB)  # the second: where sound fills the clip
        self.pitched = _periodicity(_frames(_banded(audio)))

    def between(self, start: float, end: float) -> Voicing:
        """What speaks for a voice between two times, seconds."""
        first = max(0, min(len(self._levels) - 1, round(start * SAMPLE_RATE / HOP)))
        last = max(first + 1, round(end * SAMPLE_RATE / HOP))
        levels, pitched = self._levels[first:last], self.pitched[first:last]
        loud = float(np.percentile(levels, LOUD_PERCENTILE))
        voiced = (pitched >= PERIODIC) & (levels > self._least)
        return Voicing(float(voiced.sum()) * HOP / SAMPLE_RATE, loud, loud - self.floor)


def _frames(audio: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    padded = np.pad(audio.astype(np.float64), (0, max(0, FRAME - len(audio))))
    return np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP]


def _banded(audio: Audio) -> npt.NDArray[np.float64]:
    spectrum = np.fft.rfft(audio.astype(np.float64))
    hertz = np.fft.rfftfreq(len(audio), 1 / SAMPLE_RATE)
    spectrum[(hertz < BAND[0]) | (hertz > BAND[1])] = 0
    return np.asarray(np.fft.irfft(spectrum, len(audio)))


def _periodicity(frames: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The highest autocorrelation of each frame at a voice's periods, the window's own fall taken out."""
    window = np.hanning(FRAME)
    centred = (frames - frames.mean(axis=1, keepdims=True)) * window
    lags = slice(int(SAMPLE_RATE / HIGHEST_HERTZ), int(SAMPLE_RATE / LOWEST_HERTZ) + 1)
    size = 1 << (2 * FRAME - 1).bit_length()

    def correlated(samples: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        spectrum = np.abs(np.fft.rfft(samples, size)) ** 2
        return np.asarray(np.fft.irfft(spectrum, size)[..., :FRAME])

    found, own = correlated(centred), correlated(window)
    found = found / np.maximum(found[:, :1], 1e-12)
    return np.asarray((found[:, lags] / (own[lags] / own[0])).max(axis=1).clip(0.0, 1.0))
