"""Sounds for the tests: the bundled sentences, noises, and any container PyAV can write."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from tests import sentences as bundled
from tests.sentences import Sentence

Audio = npt.NDArray[np.float32]
RATE = 16_000


def sentences(language: str | None = None, *, exact: bool = True) -> list[Sentence]:
    """The bundled sentences, those that the bundled model writes to the letter unless asked otherwise."""
    return bundled.sentences(language, exact=exact)


def told(chosen: list[Sentence], pause: float) -> Audio:
    """Sentences one after another, with silence after each."""
    silence = np.zeros(round(pause * RATE), np.float32)
    return np.concatenate([part for sentence in chosen for part in (sentence.audio, silence)])


def noise(colour: str, seconds: float, level: float, seed: int = 0) -> Audio:
    """White, pink, brown or a fan's noise; `level` is its RMS."""
    slope = {"white": 0.0, "pink": 1.0, "brown": 2.0, "fan": 1.5}[colour]
    count = round(seconds * RATE)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    spectrum /= np.maximum(np.fft.rfftfreq(count, 1 / RATE), 20.0) ** (slope / 2)
    sound = np.fft.irfft(spectrum, count)
    sound /= np.sqrt((sound**2).mean())
    if colour == "fan":
        at = np.arange(count) / RATE
        blades = sum(0.3 * np.sin(2 * np.pi * hertz * at + i) for i, hertz in enumerate((118, 236, 354, 472)))
        sound += blades * (1 + 0.2 * np.sin(2 * np.pi * 2 * at))
        sound /= np.sqrt((sound**2).mean())
    return (level * sound).astype(np.float32)


def sweep(seconds: float, low: float = 200.0, high: float = 3000.0) -> Audio:
    """A tone that rises: every moment of it sounds different, so times can be found by correlation."""
    at = np.arange(round(seconds * RATE)) / RATE
    return (0.4 * np.sin(2 * np.pi * (low * at + (high - low) / (2 * seconds) * at**2))).astype(np.float32)


def encoded(
    audio: Audio, container: str, encoder: str, *, rate: int = 48_000, channels: int = 1, **options: str
) -> bytes:
    """`audio` (16 kHz mono) in a container, as a browser or a program would send it."""
    target = io.BytesIO()
    layout = {1: "mono", 2: "stereo"}[channels]
    with av.open(target, "w", format=container, options=options) as sink:
        stream: Any = sink.add_stream(encoder, rate=rate, layout=layout)
        fifo = AudioFifo()
        resampler = AudioResampler(format=stream.format, layout=layout, rate=rate)
        source = AudioFrame.from_ndarray(np.repeat(audio[None], channels, 0), format="fltp", layout=layout)
        source.rate = RATE
        for frame in [*resampler.resample(source), *resampler.resample(None)]:
            frame.pts = None
            fifo.write(frame)
        size = stream.codec_context.frame_size or 1024
        written = 0
        while fifo.samples:
            frame = fifo.read(min(size, fifo.samples))
            frame.pts, frame.time_base = written, Fraction(1, rate)
            written += frame.samples
            sink.mux(stream.encode(frame))
        sink.mux(stream.encode(None))
    return target.getvalue()


def webm(audio: Audio) -> bytes:
    """As Chromium's MediaRecorder sends it: live, so without a duration."""
    return encoded(audio, "webm", "libopus", live="1")


def mp4(audio: Audio) -> bytes:
    """As Safari's MediaRecorder sends it: in fragments, the encoder's delay said in an edit list."""
    return encoded(audio, "mp4", "aac", movflags="frag_keyframe+delay_moov+default_base_moof", frag_duration="500000")


def lag(part: Audio, whole: Audio) -> tuple[float, float]:
    """Where in `whole` `part` lies, in seconds, and how well it fits, from 0 to 1."""
    size = 1 << (len(whole) + len(part)).bit_length()
    found = np.fft.irfft(np.fft.rfft(whole, size) * np.conj(np.fft.rfft(part, size)), size)[: len(whole)]
    at = int(found.argmax())
    there = whole[at : at + len(part)]
    fit = float(there @ part[: len(there)] / (np.linalg.norm(there) * np.linalg.norm(part) + 1e-9))
    return at / RATE, fit
