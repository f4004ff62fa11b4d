"""Containers (WebM, MP4, Ogg, WAV and so on): opening them safely, their audio tracks, and each frame with its time."""

from __future__ import annotations

import ctypes
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import av.error
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer

HOLE_SECONDS = 0.030  # a jump in the container's clock longer than this is silence, not jitter
LONGEST_HOLE_SECONDS = 30.0
# Some of FFmpeg's formats are lists of other files or addresses to open (concat, SDP, HLS): a stranger's bytes may
# only be sound themselves. No protocol is called "none", so nothing else is opened by any of these either.
CONTAINERS = ("webm", "matroska", "mp4", "m4a", "mov", "3gp", "ogg", "wav", "flac", "mp3", "aac")
KNOWN = "WebM, Matroska, MP4, MOV, 3GP, Ogg, WAV, FLAC, MP3, AAC"
OPENING = {"format_whitelist": ",".join(CONTAINERS), "protocol_whitelist": "none"}
CUSTOM_LAYOUT = re.compile(r"\d+ channels \(")  # what FFmpeg calls an order of channels that has no name
BROKEN = (av.error.FFmpegError, ValueError)  # what PyAV raises for bytes that are damaged


class Undecodable(Exception):
    """The bytes hold no audio that can be decoded. Sending them again does not help."""

    retryable = False
    reason = "undecodable"


@dataclass(frozen=True)
class Track:
    """An audio track: its place among the container's streams, and seconds from its first packet to its last."""

    index: int
    seconds: float


@dataclass
class Count:
    """How many of a track's packets could be decoded, and how many could not."""

    decoded: int = 0
    failed: int = 0


def open_container(data: bytes) -> InputContainer:
    """The container in `data`. Raises `Undecodable`; opens no other file and no address."""
    if not data:
        raise Undecodable("the file is empty")
    try:
        return av.open(io.BytesIO(data), mode="r", metadata_errors="ignore", options=OPENING)
    except BROKEN as error:
        raise Undecodable(f"no sound or film of a known format ({KNOWN})") from error


def tracks(data: bytes) -> list[Track]:
    """Audio tracks that have a decoder, in the container's order. Where there are several, their lengths come from
    their packets, for headers of recordings that were cut off say nothing. Raises `Undecodable`."""
    with open_container(data) as container:
        if not container.streams.audio:
            raise Undecodable("the file has no audio track")
        found = [stream for stream in container.streams.audio if stream.codec_context is not None]
        if not found:
            raise Undecodable("there is no decoder for the file's audio")
        lengths = _lengths(container, found) if len(found) > 1 else {}
        return [Track(stream.index, lengths.get(stream.index, 0.0)) for stream in found]


def timed_frames(data: bytes, track: Track, count: Count) -> Iterator[tuple[float, AudioFrame]]:
    """The frames of a track with the second each begins at, from the recording's first sample. A frame follows the
    one before without a gap, or after a hole of more than `HOLE_SECONDS`. Encoder priming is dropped. The packets
    are added to `count`.

    Time stamps are rounded (WebM: to 1 ms) or estimated (Ogg Vorbis: up to 10 ms off, either way), so small
    differences from the count of samples mean nothing.
    """
    origin: float | None = None
    clock = 0.0
    with open_container(data) as container:
        stream = next(one for one in container.streams.audio if one.index == track.index)
        for frame in _frames(container, stream, count):
            stamp = _seconds(frame.pts, frame.time_base)
            length = frame.samples / frame.sample_rate
            if origin is None:
                if stamp is not None and stamp + length <= HOLE_SECONDS / 1000:
                    continue  # wholly before the start: priming
                origin = stamp or 0.0
            ahead = 0.0 if stamp is None else stamp - origin - clock
            if ahead > LONGEST_HOLE_SECONDS or ahead < -HOLE_SECONDS:
                origin += ahead  # a clock that leaps, or runs backwards, is not believed
            elif ahead > HOLE_SECONDS:
                clock += ahead
            yield clock, frame
            clock += length


def _frames(container: InputContainer, stream: AudioStream, count: Count) -> Iterator[AudioFrame]:
    """Every frame up to the first error in the container; a packet that cannot be decoded is left out."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except BROKEN:
            return  # a torn file: what came before stands
        if packet is None:
            return
        try:
            frames = _without_custom_layouts(packet.decode())
        except BROKEN:
            count.failed += 1  # its time is kept by the next packet's stamp
            continue
        count.decoded += bool(frames)
        yield from frames


def _without_custom_layouts(frames: list[AudioFrame]) -> list[AudioFrame]:
    """The frames, their channels in no named order where theirs is a custom one (5.1 in QuickTime's order, say).

    PyAV 18 frees a custom layout twice, with the frame and with the frame's layout object, and the process ends. So
    that object, some bytes, is never freed.
    """
    custom = [CUSTOM_LAYOUT.match(frame.layout.name) for frame in frames]
    for frame, match in zip(frames, custom, strict=True):
        if match:  # all of them, before any can be freed
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(frame.layout))
    return [_unnamed(frame) if match else frame for frame, match in zip(frames, custom, strict=True)]


def _unnamed(frame: AudioFrame) -> AudioFrame:
    if frame.format.is_planar and frame.layout.nb_channels >= 8:
        raise ValueError("PyAV 18 reads one plane too many of eight and more")
    other = AudioFrame.from_ndarray(
        frame.to_ndarray(), format=frame.format.name, layout=f"{frame.layout.nb_channels} channels"
    )
    other.sample_rate, other.pts, other.time_base = frame.sample_rate, frame.pts, frame.time_base
    return other


def _lengths(container: InputContainer, streams: list[AudioStream]) -> dict[int, float]:
    """Seconds from the first packet's start to the last packet's end, by stream index. Decodes nothing."""
    first: dict[int, float] = {}
    last: dict[int, float] = {}
    packets = container.demux(streams)
    while True:
        try:
            packet = next(packets, None)
        except BROKEN:
            break
        if packet is None:
            break
        start = _seconds(packet.pts, packet.time_base)
        if start is not None:
            index = packet.stream_index
            first.setdefault(index, start)
            last[index] = max(last.get(index, start), start + (_seconds(packet.duration, packet.time_base) or 0.0))
    return {index: last[index] - first[index] for index in last}


def _seconds(ticks: int | None, base: Fraction | None) -> float | None:
    return float(ticks * base) if ticks is not None and base else None
