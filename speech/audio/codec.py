"""Container bytes to 16 kHz mono and back: decoding, trimming, loudness. No torch."""

from __future__ import annotations

import math

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from speech.audio import containers, downmix
from speech.audio.containers import CONTAINERS, HOLE_SECONDS, Undecodable
from speech.audio.samples import SAMPLE_RATE, Audio

__all__ = ["CONTAINERS", "SAMPLE_RATE", "Audio", "TooLong", "Undecodable", "as_wav", "decode", "raised", "trim"]


MAX_CHANNELS = 8
AUDIBLE = 0.001  # peak of a track that is worth listening to, -60 dBFS
IMPOSSIBLE = 100.0  # peak of what was no sound before it was decoded, +40 dBFS
TAIL_SAMPLES = 64  # by which a resampler's end may differ from what its input's length says
MAX_GAIN = 10.0  # +20 dB
TARGET_LEVEL = 0.08  # RMS of the loudest tenth, about -22 dBFS
CEILING = 0.98


class TooLong(Undecodable):
    """The audio is longer than a clip may be."""

    reason = "too_long"


def decode(
    data: bytes,
    *,
    max_seconds: float = math.inf,
    keep_from: float | None = None,
    keep_to: float | None = None,
) -> Audio:
    """The sound of `data` as float32 (samples,), 16 kHz, mono, finite, as loud as it was recorded.

    Of several tracks it is the first that can be decoded, has sound and is not much shorter than the others.
    `keep_from` and `keep_to` are milliseconds from the recording's first sample. What was decoded before an
    error is kept. Raises `Undecodable` where nothing was, `TooLong` past `max_seconds` without decoding on.
    """
    audio = _best_track(data, max_seconds)
    if not audio.size:
        raise Undecodable("nothing of the file's audio could be decoded")
    return trim(audio, keep_from, keep_to)


def trim(audio: Audio, keep_from: float | None, keep_to: float | None) -> Audio:
    """The part of `audio` between two times in milliseconds; either may be absent or outside."""
    first = _sample(keep_from, 0, len(audio))
    last = _sample(keep_to, len(audio), len(audio))
    return audio[first : max(first, last)]


def unclipped(audio: Audio) -> Audio:
    """`audio` turned down where it goes beyond full scale, as some encoders let it."""
    peak = float(np.abs(audio).max()) if audio.size else 0.0
    return audio if peak <= 1.0 else (audio * np.float32(CEILING / peak)).astype(np.float32)


def raised(audio: Audio) -> Audio:
    """Quiet speech brought up to a common level, by at most 20 dB and never into clipping."""
    if not audio.size:
        return audio
    peak = float(np.abs(audio).max())
    if peak == 0.0:
        return audio
    if peak > 1.0:
        return unclipped(audio)
    frame = SAMPLE_RATE * 30 // 1000
    padded = np.pad(audio, (0, -len(audio) % frame)).reshape(-1, frame)
    level = float(np.percentile(np.sqrt((padded.astype(np.float64) ** 2).mean(axis=1)), 90))
    gain = min(MAX_GAIN, CEILING / peak, TARGET_LEVEL / max(level, 1e-9))
    return audio if gain <= 1.0 else (audio * np.float32(gain)).astype(np.float32)


def as_wav(audio: Audio, rate: int = SAMPLE_RATE) -> bytes:
    """`audio` (samples,) as a 16-bit mono WAV file."""
    pcm = (np.clip(audio, -1.0, 1.0) * 32767).round().astype("<i2").tobytes()
    fields = (
        (b"RIFF", None), (36 + len(pcm), 4), (b"WAVEfmt ", None), (16, 4), (1, 2), (1, 2),
        (rate, 4), (rate * 2, 4), (2, 2), (16, 2), (b"data", None), (len(pcm), 4),
    )  # fmt: skip
    head = b"".join(v if isinstance(v, bytes) else v.to_bytes(n or 0, "little") for v, n in fields)
    return head + pcm


def _best_track(data: bytes, max_seconds: float) -> Audio:
    """The first track that is audible and at least half as long as the longest, or the best of the others."""
    found = containers.tracks(data)
    if len(found) == 1:
        return _decoded(data, found[0], max_seconds)
    enough = max(track.seconds for track in found) / 2 * SAMPLE_RATE
    best, best_rank = np.zeros(0, np.float32), (False, 0)
    for track in found:
        audio = _decoded(data, track, max_seconds)
        rank = (_audible(audio), len(audio))
        if rank[0] and len(audio) >= enough:
            return audio
        if rank > best_rank:
            best, best_rank = audio, rank
    return best


def _decoded(data: bytes, track: containers.Track, max_seconds: float) -> Audio:
    """A track, resampled and mixed to one channel; empty where nothing of it can be decoded. A second of silence out
    of a minute of damaged packets is nothing too."""
    timeline, count = _Timeline(), containers.Count()
    for start, frame in containers.timed_frames(data, track, count):
        if start + frame.samples / frame.sample_rate > max_seconds + HOLE_SECONDS:
            raise TooLong(f"longer than {max_seconds:g} s")
        timeline.push(start, frame)
    audio = timeline.finish()
    return audio if _audible(audio) or count.failed <= count.decoded else audio[:0]


def _audible(audio: Audio) -> bool:
    return AUDIBLE <= float(np.abs(audio).max(initial=0.0)) < IMPOSSIBLE


class _Timeline:
    """Frames of any rate and layout in; one 16 kHz mono signal out, with silence in the holes."""

    def __init__(self) -> None:
        self._resampler: AudioResampler | None = None
        self._shape: tuple[int, str, str] | None = None
        self._mixer = downmix.Downmixer(1)
        self._parts: list[Audio] = []
        self._filled = 0  # samples that went into the mixer
        self._end = 0.0  # of the last frame, seconds

    def push(self, start: float, frame: AudioFrame) -> None:
        """Take a frame that begins at `start` seconds: where the last one ended, or after a hole.
        Raises `Undecodable` for too many channels."""
        hole = start - self._end > HOLE_SECONDS / 2
        shape = (frame.sample_rate, frame.layout.name, frame.format.name)
        if hole or shape != self._shape:
            self._flush()
        if hole:
            self._fill(round(start * SAMPLE_RATE) - self._filled)
        resampler = self._resampler or self._begin(frame, shape)
        self._end = start + frame.samples / frame.sample_rate
        frame.pts = None  # the resampler counts samples; the container's clock was read already
        for part in resampler.resample(frame):
            self._mix(_samples(part))

    def finish(self) -> Audio:
        """Everything, float32 (samples,)."""
        self._flush()
        self._parts += self._mixer.finish()
        return np.concatenate(self._parts) if self._parts else np.zeros(0, np.float32)

    def _begin(self, frame: AudioFrame, shape: tuple[int, str, str]) -> AudioResampler:
        count = frame.layout.nb_channels
        if count > MAX_CHANNELS:
            raise Undecodable(f"more than {MAX_CHANNELS} channels")
        if count != self._mixer.channels:
            self._parts += self._mixer.finish()
            self._mixer = downmix.Downmixer(count)
        # interleaved: of eight planes and more PyAV 18 reads one too many, and the process ends
        self._resampler = AudioResampler(format="flt", layout=frame.layout, rate=SAMPLE_RATE)
        self._shape = shape
        return self._resampler

    def _flush(self) -> None:
        """End the resampler, its last samples as many as the frames' lengths say."""
        if self._resampler is None:
            return
        missing = round(self._end * SAMPLE_RATE) - self._filled
        rest = [_samples(part) for part in self._resampler.resample(None)]
        for part in rest:
            self._mix(part[: max(0, missing)])
            missing -= len(part)
        self._fill(min(missing, TAIL_SAMPLES))
        self._resampler = None

    def _fill(self, count: int) -> None:
        if count > 0:
            self._mix(np.zeros((count, self._mixer.channels), np.float32))

    def _mix(self, samples: Audio) -> None:
        self._filled += len(samples)
        self._parts += self._mixer.push(samples)


def _samples(frame: AudioFrame) -> Audio:
    """An interleaved frame as (samples, channels); what is no number, and infinite loudness, is silence."""
    interleaved = np.asarray(frame.to_ndarray(), np.float32).reshape(-1, frame.layout.nb_channels)
    return np.nan_to_num(interleaved, nan=0.0, posinf=0.0, neginf=0.0)


def _sample(milliseconds: float | None, default: int, length: int) -> int:
    if milliseconds is None or not math.isfinite(milliseconds):
        return default
    return min(length, max(0, round(milliseconds * SAMPLE_RATE / 1000)))
