"""Background noise tracker: does a sound stand out of the quietest moment of the last second?

A hum, a fan or rain stays within a few dB of its own quietest moment; speech rises and falls with every syllable. The
browser's rule (static/meet/js/capture/background.js), frame for frame: both pass tests/fixtures/background.json.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from speech.audio.samples import SAMPLE_RATE

FRAME = 160  # samples: 10 ms
TAPS = 321  # of a filter: 20 ms
BANDS = ((120, 500), (500, 5000))  # Hz
SMOOTH = 5  # frames: levels are means of 50 ms, as the noise in 10 ms swings by 10 dB
WINDOW = 100  # frames: where the quietest moment is looked for
MARGINS = (8.0, 6.0)  # dB, by band: noise alone stays closer to its minimum than this (docs/vad.md)
SETTLE = 50  # frames: digital zeros this early are a microphone that is not open yet
ZERO = -99.0  # dBFS: digital silence
NOTHING = 1e-10  # power: -100 dBFS


class Background:
    """The background of one stream."""

    def __init__(self) -> None:
        self._powers: deque[list[float]] = deque(maxlen=SMOOTH)  # by band
        self._levels: deque[list[float]] = deque(maxlen=WINDOW)  # means of 50 ms, dBFS, by band
        self._frames = 0

    def push(self, levels: Sequence[float]) -> bool:
        """Process one 10 ms frame (`levels`: dBFS of each band): whether one of the bands stands out."""
        self._frames += 1
        if not self._levels and self._frames <= SETTLE and all(level <= ZERO for level in levels):
            self._powers.clear()
            return False
        self._powers.append([10.0 ** (level / 10) for level in levels])
        if len(self._powers) < SMOOTH:
            return False
        now = [10 * math.log10(_total(band) / SMOOTH) for band in zip(*self._powers, strict=True)]
        self._levels.append(now)
        quietest = (min(band) for band in zip(*self._levels, strict=True))
        return any(level - least >= margin for level, least, margin in zip(now, quietest, MARGINS, strict=True))


class Bands:
    """Level of one stream in the bands of speech. Filters by convolution, as a recursive one is slow in numpy."""

    def __init__(self) -> None:
        self._filters = [_band_pass(low, high) for low, high in BANDS]
        self._before = np.zeros(TAPS - 1)

    def push(self, audio: npt.NDArray[np.float32]) -> list[list[float]]:
        """dBFS of each band, every 10 ms of `audio` (float32 (samples,), 16 kHz, whole frames), never below -100."""
        if not len(audio):
            return []
        known = np.concatenate([self._before, audio.astype(np.float64)])
        self._before = known[len(known) - TAPS + 1 :]
        bands = [np.convolve(known, taps, "valid").reshape(-1, FRAME) for taps in self._filters]
        powers = np.stack([(band**2).mean(axis=1) for band in bands], axis=1)
        levels: list[list[float]] = (10 * np.log10(powers + NOTHING)).tolist()
        return levels


def _band_pass(low: float, high: float) -> npt.NDArray[np.float64]:
    """Taps of a band-pass filter, by the window method (Hamming); `low` and `high` in Hz."""
    at = np.arange(TAPS) - (TAPS - 1) / 2
    ideal = (np.sinc(2 * high / SAMPLE_RATE * at) * high - np.sinc(2 * low / SAMPLE_RATE * at) * low) * 2 / SAMPLE_RATE
    return np.asarray(ideal * np.hamming(TAPS))


def _total(powers: Sequence[float]) -> float:
    total = 0.0
    for power in powers:  # not sum(): from Python 3.12 on it rounds otherwise than the browser
        total += power
    return total
