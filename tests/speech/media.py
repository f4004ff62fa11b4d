"""Files with several channels, tracks and streams, as programs and telephones write them. Made with PyAV."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np
import soundfile
from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.stream import Disposition

from tests.speech.sounds import RATE, Audio

LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
CENTRE = {3: 2, 5: 2, 6: 2, 7: 2, 8: 2}  # the centre's place in these layouts


@dataclass(frozen=True)
class Track:
    """An audio track: float32 (samples,) or (samples, channels), 16 kHz. A damaged one has random bytes instead."""

    audio: Audio
    encoder: str = "aac"
    rate: int = 48_000
    damaged: bool = False


def file(container: str, tracks: Sequence[Track], *, film: bool = False, cover: bool = False, **options: str) -> bytes:
    """The tracks in one container; before them a film's picture and its time code (a data stream, in MOV), or a
    cover."""
    target = io.BytesIO()
    with av.open(target, "w", format=container, options=options) as sink:
        picture = _picture(sink, cover) if film or cover else None
        streams = [_stream(sink, track) for track in tracks]
        if picture:
            count = 1 if cover else 5 * max(1, max(len(track.audio) for track in tracks) // RATE)
            _show(sink, picture, count)
        for track, stream in zip(tracks, streams, strict=True):
            _hear(sink, track, stream)
    return target.getvalue()


def _picture(sink: Any, cover: bool) -> Any:
    picture = sink.add_stream("mjpeg" if cover else "mpeg4", rate=5)
    picture.width = picture.height = 64
    if cover:
        picture.pix_fmt = "yuvj420p"
        picture.disposition = Disposition.attached_pic
    else:
        picture.metadata["timecode"] = "01:00:00:00"
    return picture


def _show(sink: Any, picture: Any, count: int) -> None:
    for number in range(count):
        shown = av.VideoFrame(64, 64, "yuvj420p" if count == 1 else "yuv420p")
        shown.pts, shown.time_base = number, Fraction(1, 5)
        sink.mux(picture.encode(shown))
    sink.mux(picture.encode(None))


def _hear(sink: Any, track: Track, stream: Any) -> None:
    if not len(track.audio):
        return
    noise = random.Random(0)
    for frame in [*_frames(track, stream), None]:
        for packet in stream.encode(frame):
            sink.mux(_instead(packet, noise.randbytes(packet.size)) if track.damaged else packet)


def _instead(packet: Any, data: bytes) -> Any:
    other = av.Packet(data)
    other.pts, other.dts, other.duration, other.time_base = packet.pts, packet.dts, packet.duration, packet.time_base
    other.stream = packet.stream
    return other


def channels(columns: Sequence[Audio], container: str = "wav", encoder: str = "pcm_s16le", rate: int = 48_000) -> bytes:
    """A file of one track with these channels."""
    return file(container, [Track(np.stack(columns, axis=1), encoder, rate)])


def nine_channels(audio: Audio) -> bytes:
    """A WAV file with one channel more than is heard."""
    target = io.BytesIO()
    soundfile.write(target, np.stack([audio] * 9, axis=1), RATE, format="WAV", subtype="PCM_16")
    return target.getvalue()


def unknown_codec(data: bytes, track: int) -> bytes:
    """`data` with the codec of one audio track, counted from 0, renamed to one that nobody has a decoder for."""
    name = b"mp4a" if b"mp4a" in data else b"A_AAC" if b"A_AAC" in data else b"A_OPUS"
    places = [at for at in range(len(data)) if data.startswith(name, at)]
    changed = data[: places[track]] + b"Z" * len(name) + data[places[track] + len(name) :]
    if name == b"mp4a":  # what is in there is said once more
        described = data.index(b"esds", places[track])
        changed = changed[:described] + b"ZZZZ" + changed[described + 4 :]
    return changed


def _stream(sink: Any, track: Track) -> Any:
    return sink.add_stream(track.encoder, rate=track.rate, layout=LAYOUTS[_columns(track).shape[1]])


def _columns(track: Track) -> Audio:
    return track.audio[:, None] if track.audio.ndim == 1 else track.audio


def _frames(track: Track, stream: Any) -> list[AudioFrame]:
    columns = _columns(track)
    layout = LAYOUTS[columns.shape[1]]
    # interleaved: PyAV cannot fill the planes of eight channels
    source = AudioFrame.from_ndarray(np.ascontiguousarray(columns).reshape(1, -1), format="flt", layout=layout)
    source.rate = RATE
    resampler = AudioResampler(format=stream.format, layout=layout, rate=track.rate)
    fifo = AudioFifo()
    for frame in [*resampler.resample(source), *resampler.resample(None)]:
        frame.pts = None
        fifo.write(frame)
    frames: list[AudioFrame] = []
    written = 0
    size = stream.codec_context.frame_size or 1024
    while fifo.samples:
        frame = fifo.read(min(size, fifo.samples))
        frame.pts, frame.time_base = written, Fraction(1, track.rate)
        written += frame.samples
        frames.append(frame)
    return frames
