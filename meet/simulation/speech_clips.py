"""An audio file as a browser would send it: cut at the pauses, recorded as webm/opus, in chunks."""

import io
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from speech.audio import codec, segmenter, voice_detection

Audio = npt.NDArray[np.float32]
RATE = 48_000  # Opus
AGGRESSIVENESS = 2


@dataclass(frozen=True)
class SpokenClip:
    """One stretch of speech of a file. Seconds from where playing began; `over` is when a browser would notice."""

    audio: Audio
    start: float
    speech_end: float
    over: float
    reason: str


def load(path: Path, start: float, end: float | None) -> Audio:
    """A file's sound from `start` to `end` (seconds), float32 (samples,), 16 kHz. Raises codec.Undecodable, OSError."""
    audio = codec.decode(path.read_bytes())
    return audio[round(start * codec.SAMPLE_RATE) : None if end is None else round(end * codec.SAMPLE_RATE)]


def cut(audio: Audio, silence: float, longest: float) -> list[SpokenClip]:
    """The clips of a file under the browser segmenter's rules: ended by `silence` seconds of it, or at `longest`. The
    microphone stays on after the file."""
    audio = np.pad(audio, (0, round(silence * codec.SAMPLE_RATE) + segmenter.SAMPLES))
    rules = segmenter.Rules(longest, silence)
    return [_spoken(audio, one) for one in segmenter.cut(audio, voice_detection.spans(audio, AGGRESSIVENESS), rules)]


def _spoken(audio: Audio, one: segmenter.Stretch) -> SpokenClip:
    start, end = max(0, one.start) / 1000, one.end / 1000
    reason = "cut" if one.cut else "silence"
    return SpokenClip(_between(audio, start, end), start, one.spoken / 1000, one.over / 1000, reason)


def _between(audio: Audio, start: float, end: float) -> Audio:
    return audio[round(start * codec.SAMPLE_RATE) : round(end * codec.SAMPLE_RATE)]


def recorded(audio: Audio, chunk: float) -> list[bytes]:
    """The sound as webm/opus, in pieces that would have been ready every `chunk` seconds."""
    sink = _Pieces()
    with av.open(sink, "w", format="webm", options={"live": "1", "cluster_time_limit": "100"}) as container:
        stream = container.add_stream("libopus", rate=RATE, layout="mono", options={"b": "32000"})
        step = round(chunk * codec.SAMPLE_RATE)
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        for at in range(0, len(audio), step):
            for frame in resampler.resample(_frame(audio[at : at + step], at)):
                container.mux(stream.encode(frame))
            sink.mark()
        for frame in resampler.resample(None):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    sink.mark()
    return sink.pieces


def _frame(samples: Audio, at: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None, :]), format="flt", layout="mono")
    frame.sample_rate = codec.SAMPLE_RATE
    frame.pts = at
    frame.time_base = Fraction(1, codec.SAMPLE_RATE)
    return frame


class _Pieces(io.RawIOBase):
    """What the muxer writes, split wherever `mark` is called."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self._open = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._open += data
        return len(data)

    def mark(self) -> None:
        """A piece ends here."""
        if self._open:
            self.pieces.append(bytes(self._open))
            self._open.clear()
