"""Sound similarity: whether two recordings hold the same voice, by comparing their spectra band by band.

Two people who say the same words are not alike there; one person through two microphones is, but for noise and room.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

Bands = NDArray[np.float64]

WINDOW, HOP = 512, 320  # samples: 32 ms, every 20 ms at 16 kHz
HOP_MS = 20
EDGES = np.geomspace(200, 4000, 13)  # Hz: where speech is, and what every microphone takes
DEPTH = 45.0  # dB below the loudest: under that lies the room, not the voice
SLACK_MS = 600  # by which two browsers' clocks may differ
COMMON = 0.6  # of the shorter one must lie beside the other


@dataclass(frozen=True)
class SoundComparison:
    """How alike two recordings are, from -1 to 1, and by how many dB the first one's voice is the louder."""

    likeness: float
    louder: float


def compare(first: Path, second: Path, later_ms: float) -> SoundComparison | None:
    """Compare two FLAC files, the second of which begins `later_ms` after the first. None where one is not there."""
    try:
        a, b = (_bands(path) for path in (first, second))
    except soundfile.LibsndfileError:
        return None  # erased a moment ago
    if a is None or b is None:
        return None
    expected = round(later_ms / HOP_MS)
    slack = SLACK_MS // HOP_MS
    likeness = max(_correlation(a, b, lag) for lag in range(expected - slack, expected + slack + 1))
    return SoundComparison(likeness, _loudness(a) - _loudness(b))


def _bands(path: Path) -> Bands | None:
    """(frames, 12) dB, what lies far below the loudest cut off; None for less than two frames."""
    sound, rate = soundfile.read(path, dtype="float64")
    count = 1 + (len(sound) - WINDOW) // HOP
    if count < 2:
        return None
    frames = sound[np.arange(WINDOW) + HOP * np.arange(count)[:, None]] * np.hanning(WINDOW)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    of_band = np.digitize(np.fft.rfftfreq(WINDOW, 1 / rate), EDGES)
    bands = np.stack([power[:, of_band == band].sum(axis=1) for band in range(1, len(EDGES))], axis=1)
    levels: Bands = 10 * np.log10(bands + 1e-10)
    shallow: Bands = np.maximum(levels, levels.max() - DEPTH)
    return shallow


def _correlation(a: Bands, b: Bands, lag: int) -> float:
    """Of what lies at the same time when the second begins `lag` frames after the first; -1 where that is little."""
    beside_a, beside_b = a[max(0, lag) :], b[max(0, -lag) :]
    count = min(len(beside_a), len(beside_b))
    if count < COMMON * min(len(a), len(b)):
        return -1.0
    x, y = (part[:count] - part[:count].mean(axis=0) for part in (beside_a, beside_b))
    return float((x * y).sum() / np.sqrt((x * x).sum() * (y * y).sum() + 1e-9))


def _loudness(bands: Bands) -> float:
    """Of the voice, without the pauses around it, dB."""
    return float(np.percentile(bands.max(axis=1), 90))
