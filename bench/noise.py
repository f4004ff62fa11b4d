"""Noise added to a recording: as loud against its speech as is asked for, and always the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from speech.audio.samples import SAMPLE_RATE, Span

Audio = npt.NDArray[np.float32]
LOWEST_HERTZ = 20.0


def noisy(audio: Audio, spans: Sequence[Span], decibels: float, seed: int) -> Audio:
    """`audio` (float32 (samples,), 16 kHz) with pink noise so many decibels below the speech in `spans`; the level of
    the whole where there is none. Like a room's, the noise falls by 3 dB an octave."""
    voiced = np.concatenate([audio[_at(span.start) : _at(span.end)] for span in spans]) if spans else audio
    level = float(np.sqrt(np.mean(np.square(voiced, dtype=np.float64)))) * 10 ** (-decibels / 20)
    added = audio + level * _pink(len(audio), seed)
    return (added / max(1.0, float(np.abs(added).max()))).astype(np.float32)  # as a recorder would: nothing is clipped


def _pink(count: int, seed: int) -> npt.NDArray[np.float64]:
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    spectrum /= np.sqrt(np.maximum(np.fft.rfftfreq(count, 1 / SAMPLE_RATE), LOWEST_HERTZ))
    sound = np.fft.irfft(spectrum, count)
    quiet: npt.NDArray[np.float64] = sound / np.sqrt(np.mean(sound**2))
    return quiet


def _at(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE)
