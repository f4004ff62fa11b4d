"""Generated sounds in which nobody speaks: noise, hum, breath, clicks, doors, coughs. Each is float32, 16 kHz, made
from its seed alone, so that a measurement can be repeated."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tools.invented_words import music

RATE = 16_000
Samples = npt.NDArray[np.float64]
Audio = npt.NDArray[np.float32]
Make = Callable[[np.random.Generator, int], Samples]  # a source of chance and a number of samples


@dataclass(frozen=True)
class Noise:
    """One clip without speech. `level`: RMS of its loud parts in dBFS; `room`: RMS of the room's noise beneath it."""

    name: str
    kind: str
    level: float
    room: float
    audio: Audio

    @property
    def seconds(self) -> float:
        return len(self.audio) / RATE


def hour(minutes: float = 60.0, seed: int = 0) -> Iterator[Noise]:
    """Clips of 1 to 20 s, so many minutes in all: every kind in turn, each time at another level and length."""
    left, number = minutes * 60, 0
    kinds = sorted(KINDS)
    while left > 0:
        kind = kinds[number % len(kinds)]
        made = clip(kind, number // len(kinds), seed)
        yield made
        left -= made.seconds
        number += 1


def clip(kind: str, number: int, seed: int = 0) -> Noise:
    """The clip of that number of a kind."""
    dice = np.random.default_rng([seed, number, zlib.crc32(kind.encode())])
    seconds = float(np.exp(dice.uniform(np.log(1.0), np.log(20.0))))
    level, room = float(LEVELS[number % len(LEVELS)]), float(dice.choice(ROOMS))
    count = round(seconds * RATE)
    if kind in UNLEVELLED:
        sound = KINDS[kind](dice, count)
    else:
        sound = _levelled(KINDS[kind](dice, count), level) + _levelled(coloured(dice, count, 2.0), room)
    peak = float(np.abs(sound).max(initial=0.0))
    audio = (sound / max(1.0, peak / 0.98)).astype(np.float32)
    return Noise(f"{kind}_{number:03d}", kind, level, room, audio)


def coloured(dice: np.random.Generator, count: int, slope: float) -> Samples:
    """Noise whose power falls by 3 dB an octave times `slope`: 0 white, 1 pink, 2 brown."""
    spectrum = np.fft.rfft(dice.standard_normal(count))
    spectrum /= np.maximum(np.fft.rfftfreq(count, 1 / RATE), 20.0) ** (slope / 2)
    return np.asarray(np.fft.irfft(spectrum, count))


def banded(dice: np.random.Generator, count: int, low: float, high: float) -> Samples:
    """White noise between two frequencies, its edges soft."""
    hertz = np.fft.rfftfreq(count, 1 / RATE)
    shape = 1 / (1 + (low / np.maximum(hertz, 1.0)) ** 6) / (1 + (hertz / high) ** 6)
    return np.asarray(np.fft.irfft(np.fft.rfft(dice.standard_normal(count)) * shape, count))


def _levelled(sound: Samples, level: float) -> Samples:
    """With its loudest twentieth of frames (30 ms) at that RMS, dBFS; its loudest frame, where most is silence."""
    frames = np.pad(sound, (0, -len(sound) % 480)).reshape(-1, 480)
    each = np.sqrt((frames**2).mean(axis=1))
    loud, loudest = float(np.percentile(each, 95)), float(each.max())
    return sound * (10 ** (level / 20) / max(loudest if loud < SPARSE * loudest else loud, 1e-12))


def _silence(dice: np.random.Generator, count: int) -> Samples:
    return np.zeros(count)


def _dither(dice: np.random.Generator, count: int) -> Samples:
    """What a sound card gives with nothing plugged in: one or two of its 65,536 steps."""
    return np.asarray(dice.integers(-1, 2, count) / 32768.0)


def _fan(dice: np.random.Generator, count: int) -> Samples:
    at, blades = np.arange(count) / RATE, float(dice.uniform(90, 240))
    tones = sum(np.sin(2 * np.pi * blades * k * at + k) / k for k in range(1, 5))
    sound = coloured(dice, count, 1.5)
    swell = 1 + 0.2 * np.sin(2 * np.pi * float(dice.uniform(0.2, 2)) * at)
    return np.asarray(sound / sound.std() + 0.4 * tones * swell)


def _hum(dice: np.random.Generator, count: int) -> Samples:
    """Mains hum of 50 to 120 Hz with its harmonics."""
    at, base = np.arange(count) / RATE, float(dice.choice([50.0, 60.0, 100.0, 120.0]))
    return np.asarray(sum(float(dice.uniform(0.2, 1)) / k * np.sin(2 * np.pi * base * k * at + k) for k in range(1, 7)))


def _breath(dice: np.random.Generator, count: int) -> Samples:
    """In and out, close to a microphone."""
    sound, at = np.zeros(count), 0
    while at < count:
        length = round(float(dice.uniform(0.6, 1.6)) * RATE)
        low, high = float(dice.uniform(250, 700)), float(dice.uniform(1800, 4500))
        puff = banded(dice, length, low, high) * np.hanning(length) ** float(dice.uniform(0.6, 1.5))
        _add(sound, at, puff * float(dice.uniform(0.4, 1)))
        at += length + round(float(dice.uniform(0.1, 1.2)) * RATE)
    return sound


def _keyboard(dice: np.random.Generator, count: int) -> Samples:
    return _events(dice, count, _key, 0.08, 0.45)


def _mouse(dice: np.random.Generator, count: int) -> Samples:
    return _events(dice, count, _click, 0.3, 2.5)


def _door(dice: np.random.Generator, count: int) -> Samples:
    return _events(dice, count, _slam, 1.2, 4.0)


def _cough(dice: np.random.Generator, count: int) -> Samples:
    return _events(dice, count, _bark, 0.4, 2.5)


def _knock(dice: np.random.Generator, count: int) -> Samples:
    return _events(dice, count, _thud, 0.15, 0.9)


def _paper(dice: np.random.Generator, count: int) -> Samples:
    return _events(dice, count, _rustle, 0.2, 1.2)


def _laughter(dice: np.random.Generator, count: int) -> Samples:
    return _events(dice, count, _laugh, 0.6, 2.5)


def _events(
    dice: np.random.Generator, count: int, one: Callable[[np.random.Generator], Samples], soonest: float, latest: float
) -> Samples:
    """One sound again and again, with pauses between two lengths, seconds; the first near the beginning."""
    sound, at = np.zeros(count), round(float(dice.uniform(0.05, min(0.8, count / RATE / 3))) * RATE)
    while at < count:
        _add(sound, at, one(dice) * float(dice.uniform(0.4, 1)))
        at += round(float(dice.uniform(soonest, latest)) * RATE)
    return sound


def _add(sound: Samples, at: int, part: Samples) -> None:
    kept = part[: max(0, len(sound) - at)]
    sound[at : at + len(kept)] += kept


def _decay(length: int, seconds: float) -> Samples:
    return np.asarray(np.exp(-np.arange(length) / (seconds * RATE)))


def _key(dice: np.random.Generator) -> Samples:
    """A key goes down, and up again."""
    sound = np.zeros(round(0.2 * RATE))
    for at, loud in ((0.0, 1.0), (float(dice.uniform(0.06, 0.12)), 0.5)):
        length = round(0.05 * RATE)
        tick = banded(dice, length, 800, 6000) * _decay(length, 0.006) + banded(dice, length, 80, 400) * _decay(
            length, 0.012
        )
        _add(sound, round(at * RATE), loud * tick)
    return sound


def _click(dice: np.random.Generator) -> Samples:
    length = round(0.03 * RATE)
    return banded(dice, length, 1500, 7000) * _decay(length, 0.003)


def _thud(dice: np.random.Generator) -> Samples:
    length = round(0.2 * RATE)
    at = np.arange(length) / RATE
    ring = np.sin(2 * np.pi * float(dice.uniform(90, 260)) * at) * _decay(length, 0.03)
    return np.asarray(ring + 0.5 * banded(dice, length, 200, 3000) * _decay(length, 0.01))


def _slam(dice: np.random.Generator) -> Samples:
    """A latch, then the door against its frame."""
    length = round(0.9 * RATE)
    at = np.arange(length) / RATE
    boom = np.sin(2 * np.pi * float(dice.uniform(50, 110)) * at) * _decay(length, 0.15)
    sound = np.asarray(boom + banded(dice, length, 60, 1500) * _decay(length, 0.08))
    _add(sound, round(0.12 * RATE), 0.4 * _click(dice))
    return sound


def _bark(dice: np.random.Generator) -> Samples:
    """A cough: a burst of air, then a short rough voice."""
    length = round(float(dice.uniform(0.25, 0.5)) * RATE)
    air = banded(dice, length, 300, 3500) * _decay(length, 0.06)
    voice = music.voiced(dice, length, float(dice.uniform(110, 260)), float(dice.uniform(80, 160)), (600, 1200, 2600))
    late = np.clip((np.arange(length) / RATE - 0.06) / 0.03, 0, 1)
    return np.asarray(air / air.std() + 0.6 * voice / voice.std() * late * _decay(length, 0.12))


def _rustle(dice: np.random.Generator) -> Samples:
    length = round(float(dice.uniform(0.2, 0.9)) * RATE)
    grain = np.repeat(dice.random(length // 160 + 1) ** 3, 160)[:length]
    return banded(dice, length, 1200, 7500) * grain * np.hanning(length)


def _laugh(dice: np.random.Generator) -> Samples:
    """Ha-ha-ha: five syllables a second or so, each breath then voice, falling."""
    pitch, sound = float(dice.uniform(160, 420)), np.zeros(round(2.2 * RATE))
    step = float(dice.uniform(0.16, 0.24))
    for number in range(int(dice.integers(3, 9))):
        length = round(step * 0.8 * RATE)
        high = pitch * (1 - 0.05 * number)
        voice = music.voiced(dice, length, high * 1.1, high * 0.9, (750, 1300, 2700)) * np.hanning(length)
        air = banded(dice, length, 500, 4000) * _decay(length, 0.04)
        _add(sound, round(number * step * RATE), (voice / voice.std() + 0.5 * air / air.std()) * 0.93**number)
    return sound


KINDS: dict[str, Make] = {
    "silence": _silence,
    "dither": _dither,
    "white": lambda dice, count: coloured(dice, count, 0.0),
    "pink": lambda dice, count: coloured(dice, count, 1.0),
    "brown": lambda dice, count: coloured(dice, count, 2.0),
    "fan": _fan,
    "hum": _hum,
    "breath": _breath,
    "keyboard": _keyboard,
    "mouse": _mouse,
    "door": _door,
    "cough": _cough,
    "knock": _knock,
    "paper": _paper,
    "laughter": _laughter,
    "chords": music.chords,
    "melody": music.melody,
    "drums": music.drums,
    "ring": music.ring,
}
SPARSE = 0.01  # 40 dB below the loudest
UNLEVELLED = frozenset({"silence", "dither"})
LEVELS = (-30.0, -50.0, -20.0, -40.0, -60.0)  # dBFS
ROOMS = (-75.0, -65.0, -55.0)
