"""Generated music and tones for the measurement of invented words: chords, melodies, drums, a telephone's ring."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

RATE = 16_000
Samples = npt.NDArray[np.float64]
SCALE = (0, 2, 4, 5, 7, 9, 11, 12)
PROGRESSION = ((0, 4, 7), (9, 12, 16), (5, 9, 12), (7, 11, 14))


def voiced(dice: np.random.Generator, count: int, first: float, last: float, formants: Sequence[float]) -> Samples:
    """A vowel without words: the pulses of a voice from one pitch to another through resonances."""
    hertz = np.linspace(first, last, count) * (1 + 0.01 * dice.standard_normal(count).cumsum() / max(1, count) ** 0.5)
    phase = np.cumsum(hertz) / RATE
    pulses = np.diff(np.floor(phase), prepend=0.0)
    at = np.fft.rfftfreq(count, 1 / RATE)
    shape = sum(1 / (1 + ((at - one) / (60 + one * 0.06)) ** 2) for one in formants)
    return np.asarray(np.fft.irfft(np.fft.rfft(pulses) * shape, count))


def chords(dice: np.random.Generator, count: int) -> Samples:
    """Four chords over and over, like a pad or an organ."""
    bar, root = round(float(dice.uniform(0.8, 2.0)) * RATE), float(dice.uniform(110, 220))
    sound = np.zeros(count)
    for number, at in enumerate(range(0, count, bar)):
        for step in PROGRESSION[number % len(PROGRESSION)]:
            _add(sound, at, _note(dice, root * 2 ** (step / 12), bar, 0.05, 2.0))
    return sound


def melody(dice: np.random.Generator, count: int) -> Samples:
    """One voice of notes, plucked or blown."""
    sound, at, decay = np.zeros(count), 0, float(dice.uniform(0.15, 1.0))
    root = float(dice.uniform(180, 440))
    while at < count:
        length = round(float(dice.choice([0.15, 0.3, 0.6])) * RATE)
        _add(sound, at, _note(dice, root * 2 ** (int(dice.choice(SCALE)) / 12), length, 0.01, decay))
        at += length
    return sound


def drums(dice: np.random.Generator, count: int) -> Samples:
    """Kick, snare and hat in four."""
    sound, beat = np.zeros(count), round(60 / float(dice.uniform(80, 150)) / 2 * RATE)
    for number, at in enumerate(range(0, count, beat)):
        _add(sound, at, 0.3 * _burst(dice, 0.05, 0.02))
        if number % 4 == 0:
            length = round(0.25 * RATE)
            time = np.arange(length) / RATE
            _add(sound, at, np.sin(2 * np.pi * (50 * time + 4 * (1 - np.exp(-time * 30)))) * np.exp(-time * 12) * 2)
        if number % 4 == 2:
            _add(sound, at, _burst(dice, 0.2, 0.06))
    return sound


def ring(dice: np.random.Generator, count: int) -> Samples:
    """A telephone, an alarm or a message's chime: one or two tones, on and off."""
    time = np.arange(count) / RATE
    one, other = float(dice.uniform(350, 1600)), float(dice.uniform(350, 1600))
    period, share = float(dice.uniform(0.3, 3.0)), float(dice.uniform(0.3, 0.7))
    on = ((time % period) < period * share).astype(np.float64)
    soft = np.convolve(on, np.ones(80) / 80, "same")
    return np.asarray(soft * (np.sin(2 * np.pi * one * time) + np.sin(2 * np.pi * other * time)))


def _note(dice: np.random.Generator, hertz: float, length: int, attack: float, decay: float) -> Samples:
    time = np.arange(length) / RATE
    bright = float(dice.uniform(0.8, 2.0))
    tone = sum(np.sin(2 * np.pi * hertz * k * time) / k**bright for k in range(1, 9) if hertz * k < RATE / 2)
    edge = np.minimum(1.0, np.minimum(time / attack, (length / RATE - time) / 0.01))
    return np.asarray(tone * np.clip(edge, 0, 1) * np.exp(-time / decay))


def _burst(dice: np.random.Generator, seconds: float, decay: float) -> Samples:
    length = round(seconds * RATE)
    return np.asarray(dice.standard_normal(length) * np.exp(-np.arange(length) / (decay * RATE)))


def _add(sound: Samples, at: int, part: Samples) -> None:
    kept = part[: max(0, len(sound) - at)]
    sound[at : at + len(kept)] += kept
