"""speech.audio.codec: the time of what was said stays where it was, in long recordings of every format too."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import numpy as np
import pytest
import soundfile

from speech.audio import codec
from tests.speech import media, sounds
from tests.speech.media import Track

MINUTES = 10
MARK = 597.3  # seconds: where the sound to be found begins
FORMATS = {
    "mp3": ("mp3", "libmp3lame", 16_000),
    "m4a": ("mp4", "aac", 16_000),
    "ogg-opus": ("ogg", "libopus", 16_000),
    "webm": ("webm", "libopus", 16_000),
    "flac": ("flac", "flac", 44_100),
    "wav": ("wav", "pcm_s16le", 22_050),
}


def vorbis(audio, rate: int = 16_000) -> bytes:
    """An Ogg Vorbis file, by libvorbis. Written in parts: libsndfile crashes on long ones."""
    target = io.BytesIO()
    with soundfile.SoundFile(
        target, "w", rate, 1 if audio.ndim == 1 else audio.shape[1], "VORBIS", format="OGG"
    ) as sink:
        for at in range(0, len(audio), rate):
            sink.write(audio[at : at + rate])
    return target.getvalue()


@pytest.fixture(scope="module")
def long():
    """Ten minutes of speech, with a rising tone near the end."""
    spoken = np.concatenate([one.audio for one in sounds.sentences("en")])
    audio = np.resize(spoken, MINUTES * 60 * codec.SAMPLE_RATE)
    at = round(MARK * codec.SAMPLE_RATE)
    audio[at : at + codec.SAMPLE_RATE] = sounds.sweep(1.0)
    return audio


@pytest.mark.parametrize("name", [*FORMATS, "ogg-vorbis"])
def test_sound_after_ten_minutes_is_where_it_was_put(long, name):
    if name == "ogg-vorbis":
        data = vorbis(long)
    else:
        container, encoder, rate = FORMATS[name]
        data = media.file(container, [Track(long, encoder, rate)])
    heard = codec.decode(data)
    assert len(heard) / codec.SAMPLE_RATE == pytest.approx(MINUTES * 60, abs=0.06)
    first = round((MARK - 2) * codec.SAMPLE_RATE)
    at, fit = sounds.lag(sounds.sweep(1.0), heard[first:])
    assert MARK - 2 + at == pytest.approx(MARK, abs=0.05)
    assert fit > 0.9


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
@pytest.mark.parametrize("columns", [1, 2])
def test_ogg_vorbis_has_no_silence_between_its_packets(rate, columns):
    spoken = np.concatenate([one.audio for one in sounds.sentences("en")])[: 16_000 * 20]
    at_rate = np.interp(np.arange(20 * rate) / rate, np.arange(len(spoken)) / 16_000, spoken).astype(np.float32)
    data = vorbis(at_rate if columns == 1 else np.stack([at_rate] * columns, axis=1), rate)
    heard = codec.decode(data)
    assert len(heard) / codec.SAMPLE_RATE == pytest.approx(soundfile.info(io.BytesIO(data)).duration, abs=0.005)
    at, fit = sounds.lag(heard, spoken)
    assert at == pytest.approx(0.0, abs=0.004)
    assert fit > 0.98  # silence anywhere between would put all that follows out of step


@pytest.mark.parametrize(
    ("kind", "subtype"),
    [("WAV", "PCM_16"), ("WAV", "PCM_24"), ("WAV", "FLOAT"), ("WAV", "ULAW"), ("FLAC", "PCM_16"), ("FLAC", "PCM_24"),
     ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")],
)  # fmt: skip
@pytest.mark.parametrize("seconds", [0.3, 1.003, 7.77])
def test_length_is_what_libsndfile_says(kind, subtype, seconds):
    sound = sounds.sweep(seconds)
    target = io.BytesIO()
    soundfile.write(target, sound, 16_000, format=kind, subtype=subtype)
    said = soundfile.info(io.BytesIO(target.getvalue())).duration
    assert len(codec.decode(target.getvalue())) / codec.SAMPLE_RATE == pytest.approx(said, abs=0.02)


def test_short_jitter_of_time_stamps_is_no_hole_and_a_lost_second_is_one():
    sweep = sounds.sweep(4.0)
    assert len(codec.decode(stamped(sweep, jitter_ms=12))) / codec.SAMPLE_RATE == pytest.approx(4.0, abs=0.002)
    heard = codec.decode(stamped(sweep, jitter_ms=12, lost=(1.0, 2.0)))
    assert len(heard) / codec.SAMPLE_RATE == pytest.approx(4.0, abs=0.015)
    assert not heard[18_000:30_000].any()
    at, _ = sounds.lag(heard[40_000:56_000], sweep)
    assert at == pytest.approx(2.5, abs=0.015)


def stamped(audio, *, jitter_ms: int, lost: tuple[float, float] = (0.0, 0.0)) -> bytes:
    """A Matroska file of packets of 20 ms, their times now too early, now too late, a stretch of it left out."""
    target = io.BytesIO()
    with av.open(target, "w", format="matroska") as sink:
        stream = sink.add_stream("pcm_s16le", rate=16_000, layout="mono")
        for number, at in enumerate(range(0, len(audio), 320)):
            if lost[0] <= at / 16_000 < lost[1]:
                continue
            packet = av.Packet((audio[at : at + 320] * 32767).astype("<i2").tobytes())
            packet.stream, packet.time_base = stream, Fraction(1, 1000)
            packet.pts = packet.dts = at // 16 + (jitter_ms if number % 3 == 1 else 0)
            packet.duration = 20
            sink.mux(packet)
    return target.getvalue()
