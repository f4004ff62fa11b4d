"""What a microphone of the tests hears: nothing, a sentence, talk without an end, a fan, a hum, noise."""

import json

import numpy as np
import soundfile

from tests.browser.capture_page import RATE, ROOT, Audio

SENTENCES = ROOT / "tests" / "fixtures" / "sentences"


def silence(seconds: float) -> Audio:
    """Nothing, not even noise."""
    return np.zeros(round(seconds * RATE), np.float32)


def spoken(name: str) -> Audio:
    """A bundled sentence from its first to its last sound."""
    about = {entry["file"]: entry for entry in json.loads((SENTENCES / "sentences.json").read_text("utf-8"))}
    audio, _rate = soundfile.read(SENTENCES / name, dtype="float32")
    begin, end = about[name]["speech"]
    return np.asarray(audio[round(begin * RATE) : round(end * RATE)], np.float32)


def talk(seconds: float, pauses: tuple[float, ...] = (0.15, 0.2, 0.3)) -> Audio:
    """Sentence after sentence, with hardly a breath between them."""
    parts: list[Audio] = []
    names = sorted(path.name for path in SENTENCES.glob("*.wav"))
    for turn in range(1000):
        parts += [spoken(names[turn * 7 % len(names)]), silence(pauses[turn % len(pauses)])]
        if sum(map(len, parts)) >= seconds * RATE:
            break
    return np.concatenate(parts)[: round(seconds * RATE)]


def fan(seconds: float, dbfs: float) -> Audio:
    """A fan: brown noise that swells with the blades, and the hum of its motor."""
    dice = np.random.default_rng(7)
    spectrum = np.fft.rfft(dice.standard_normal(round(seconds * RATE)))
    spectrum /= np.maximum(np.fft.rfftfreq(round(seconds * RATE), 1 / RATE), 40)
    noise = np.fft.irfft(spectrum, round(seconds * RATE))
    time = np.arange(len(noise)) / RATE
    noise = noise / np.std(noise) * (1 + 0.15 * np.sin(2 * np.pi * 3 * time)) + 0.2 * np.sin(2 * np.pi * 120 * time)
    return np.asarray(noise / np.std(noise) * 10 ** (dbfs / 20), np.float32)


def hum(seconds: float, hertz: int, dbfs: float) -> Audio:
    """The hum of the mains: a tone and its harmonics, without an end."""
    time = np.arange(round(seconds * RATE)) / RATE
    parts = (1, 0.5, 0.3, 0.2, 0.1, 0.05)
    sound = sum(part * np.sin(2 * np.pi * hertz * (n + 1) * time + n) for n, part in enumerate(parts))
    return np.asarray(sound / np.std(sound) * 10 ** (dbfs / 20), np.float32)


def noise(seconds: float, dbfs: float, slope: int) -> Audio:
    """White (slope 0), pink (1) or brown (2) noise; by 3 dB more an octave the lower it is."""
    count = round(seconds * RATE)
    spectrum = np.fft.rfft(np.random.default_rng(7).standard_normal(count))
    spectrum /= np.maximum(np.fft.rfftfreq(count, 1 / RATE), 20) ** (slope / 2)
    sound = np.fft.irfft(spectrum, count)
    return np.asarray(sound / np.std(sound) * 10 ** (dbfs / 20), np.float32)
