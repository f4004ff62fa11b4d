"""Container bytes to 16 kHz mono and back: decoding, trimming, loudness. No torch."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass

import av
import av.error
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer

Audio = npt.NDArray[np.float32]

SAMPLE_RATE = 16_000
HOLE_SECONDS = 0.030  # a jump in the container's clock longer than this is silence, not jitter
LONGEST_HOLE_SECONDS = 30.0
MAX_CHANNELS = 8
# Some of FFmpeg's formats are lists of other files or addresses to open (concat, SDP, HLS): a stranger's bytes may
# only be sound themselves. No protocol is called "none", so nothing else is opened by any of these either.
CONTAINERS = ("webm", "matroska", "mp4", "m4a", "mov", "3gp", "ogg", "wav", "flac", "mp3", "aac")
OPENING = {"format_whitelist": ",".join(CONTAINERS), "protocol_whitelist": "none"}
MAX_GAIN = 10.0  # +20 dB
TARGET_LEVEL = 0.08  # RMS of the loudest tenth, about -22 dBFS
CEILING = 0.98


class Undecodable(Exception):
    """The bytes hold no audio that can be decoded. Sending them again does not help."""

    retryable = False
    reason = "undecodable"


class TooLong(Undecodable):
    """The audio is longer than a clip may be."""

    reason = "too_long"


@dataclass(frozen=True)
class Run:
    """Samples that follow one another without a hole. `start` in seconds of the container's clock."""

    start: float
    audio: Audio


def decode(
    data: bytes,
    *,
    max_seconds: float = math.inf,
    keep_from: float | None = None,
    keep_to: float | None = None,
) -> Audio:
    """The sound of `data` as float32 (samples,), 16 kHz, mono, finite, as loud as it was recorded.

    `keep_from` and `keep_to` are milliseconds from the recording's first sample. What was decoded before an
    error is kept. Raises `Undecodable` where nothing was, `TooLong` past `max_seconds` without decoding on.
    """
    audio = _joined(list(_runs(data, max_seconds)))
    if not audio.size:
        raise Undecodable("no audio could be decoded")
    return trim(np.nan_to_num(audio, nan=0.0, posinf=0.0, neginf=0.0), keep_from, keep_to)


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


def _opened(data: bytes) -> InputContainer:
    if not data:
        raise Undecodable("no bytes")
    try:
        return av.open(io.BytesIO(data), mode="r", metadata_errors="ignore", options=OPENING)
    except (av.error.FFmpegError, ValueError) as error:
        raise Undecodable(f"no known container: {type(error).__name__}") from error


def _runs(data: bytes, max_seconds: float) -> Iterator[Run]:
    """Decoded audio, resampled and mixed to one channel, a run at a time."""
    with _opened(data) as container:
        if not container.streams.audio:
            raise Undecodable("no audio stream")
        limit = max_seconds + HOLE_SECONDS
        resampler = _Resampler()
        for start, frame in _timed(container, container.streams.audio[0]):
            if start + frame.samples / frame.sample_rate > limit:
                raise TooLong(f"longer than {max_seconds:g} s")
            if resampler.breaks_before(start, frame):
                yield resampler.finish()
            resampler.push(start, frame)
        yield resampler.finish()


def _timed(container: InputContainer, stream: AudioStream) -> Iterator[tuple[float, AudioFrame]]:
    """Frames with the second each begins at, from the recording's first sample. Encoder priming is dropped."""
    origin: float | None = None
    clock = 0.0
    for frame in _frames(container, stream):
        length = frame.samples / frame.sample_rate
        stamp = float(frame.pts * frame.time_base) if frame.pts is not None and frame.time_base else None
        if origin is None:
            origin = max(0.0, stamp or 0.0)
        at = clock if stamp is None else stamp - origin
        if at + length <= HOLE_SECONDS / 1000:  # wholly before the start: priming
            continue
        if at < clock or at - clock > LONGEST_HOLE_SECONDS:
            at = clock  # a clock that runs backwards, or leaps, is not believed
            origin = stamp - clock if stamp is not None else origin
        yield at, frame
        clock = at + length


def _frames(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    """Every frame up to the first error in the container; a packet that cannot be decoded is left out."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except (av.error.FFmpegError, ValueError):
            return  # a torn file: what came before stands
        if packet is None:
            return
        try:
            yield from packet.decode()
        except (av.error.FFmpegError, ValueError):
            continue  # its time is kept by the next packet's stamp


class _Resampler:
    """Frames of any rate and layout in, one 16 kHz mono run out."""

    def __init__(self) -> None:
        self._swr: AudioResampler | None = None
        self._shape: tuple[int, str] | None = None
        self._parts: list[Audio] = []
        self._start = 0.0
        self._end = 0.0

    def breaks_before(self, start: float, frame: AudioFrame) -> bool:
        """Whether `frame` does not continue the run: a hole, or another rate or layout."""
        if self._swr is None:
            return False
        return start - self._end > HOLE_SECONDS or self._shape != (frame.sample_rate, frame.layout.name)

    def push(self, start: float, frame: AudioFrame) -> None:
        if self._swr is None:
            if len(frame.layout.channels) > MAX_CHANNELS:
                raise Undecodable("too many channels")
            self._swr = AudioResampler(format="fltp", layout=frame.layout, rate=SAMPLE_RATE)
            self._shape = (frame.sample_rate, frame.layout.name)
            self._start = self._end = start
        self._end += frame.samples / frame.sample_rate
        frame.pts = None  # the run's own clock counts samples; the container's was read already
        self._keep(self._swr.resample(frame))

    def finish(self) -> Run:
        if self._swr is not None:
            self._keep(self._swr.resample(None))
        audio = np.concatenate(self._parts) if self._parts else np.zeros(0, np.float32)
        wanted = round((self._end - self._start) * SAMPLE_RATE)  # the resampler's tail may be a sample off
        run = Run(self._start, np.pad(audio[:wanted], (0, max(0, min(wanted - len(audio), 64)))))
        self._swr, self._shape, self._parts = None, None, []
        return run

    def _keep(self, frames: list[AudioFrame]) -> None:
        """Channels mixed by their mean: one that is silent does not clip the other, nor does a pair."""
        # no number, and none so large that all else would be scaled to silence beside it
        clean = [np.nan_to_num(part.to_ndarray(), nan=0.0, posinf=0.0, neginf=0.0) for part in frames]
        self._parts += [part.mean(axis=0, dtype=np.float32) for part in clean]


def _joined(runs: list[Run]) -> Audio:
    """Runs laid on one time line, holes as silence."""
    parts: list[Audio] = []
    filled = 0
    for run in runs:
        hole = round(run.start * SAMPLE_RATE) - filled
        if hole > 0 and parts:
            parts.append(np.zeros(hole, np.float32))
            filled += hole
        parts.append(run.audio)
        filled += len(run.audio)
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def _sample(milliseconds: float | None, default: int, length: int) -> int:
    if milliseconds is None or not math.isfinite(milliseconds):
        return default
    return min(length, max(0, round(milliseconds * SAMPLE_RATE / 1000)))
