"""speech.audio.codec: whatever a browser or a program sends becomes 16 kHz mono, and keeps its time."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest

from speech.audio import codec
from tests.speech import sounds

CONTAINERS = {
    "webm-opus": ("webm", "libopus", (8_000, 16_000, 24_000, 48_000)),
    "ogg-opus": ("ogg", "libopus", (16_000, 48_000)),
    "ogg-flac": ("ogg", "flac", (16_000, 44_100, 48_000)),
    "mp4-aac": ("mp4", "aac", (8_000, 16_000, 22_050, 44_100, 48_000)),
    "wav": ("wav", "pcm_s16le", (8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000)),
    "wav-float": ("wav", "pcm_f32le", (16_000, 48_000)),
    "flac": ("flac", "flac", (8_000, 16_000, 44_100, 48_000)),
    "mp3": ("mp3", "libmp3lame", (16_000, 44_100)),
    "matroska-opus": ("matroska", "libopus", (48_000,)),
    "mov-aac": ("mov", "aac", (48_000,)),
    "3gp-aac": ("3gp", "aac", (48_000,)),
}
CASES = [
    pytest.param(container, encoder, rate, channels, id=f"{name}-{rate}-{'mono' if channels == 1 else 'stereo'}")
    for name, (container, encoder, rates) in CONTAINERS.items()
    for rate in rates
    for channels in (1, 2)
]


@pytest.mark.parametrize(("container", "encoder", "rate", "channels"), CASES)
def test_every_container_rate_and_layout_keeps_its_sound_and_its_time(container, encoder, rate, channels):
    sound = sounds.sweep(2.0)
    decoded = codec.decode(sounds.encoded(sound, container, encoder, rate=rate, channels=channels))
    at, fit = sounds.lag(decoded[8000:24000], sound)
    assert decoded.dtype == np.float32
    assert len(decoded) / codec.SAMPLE_RATE == pytest.approx(2.0, abs=0.09)  # the last frame may be padded
    assert at == pytest.approx(0.5, abs=0.004)
    assert fit > 0.95
    assert np.sqrt((decoded[8000:24000] ** 2).mean()) == pytest.approx(0.4 / 2**0.5, rel=0.15)


def test_bare_aac_is_decoded_though_it_does_not_say_how_much_of_it_is_the_encoders_own_start():
    decoded = codec.decode(sounds.encoded(sounds.sweep(2.0), "adts", "aac", rate=44_100))
    at, fit = sounds.lag(decoded[8000:24000], sounds.sweep(2.0))
    assert at == pytest.approx(0.5, abs=0.03)
    assert fit > 0.95


@pytest.mark.parametrize("make", [sounds.webm, sounds.mp4])
def test_what_a_recorder_sent_before_it_was_cut_off_is_decoded(make):
    data = make(sounds.sweep(4.0))
    decoded = codec.decode(data[: len(data) * 6 // 10])
    at, fit = sounds.lag(decoded[4000:12000], sounds.sweep(4.0))
    assert 1.0 < len(decoded) / codec.SAMPLE_RATE < 3.5
    assert at == pytest.approx(0.25, abs=0.004)
    assert fit > 0.95


def test_a_hole_in_a_recording_keeps_the_time_of_what_follows():
    data = sounds.webm(sounds.sweep(6.0))
    clusters = [i for i in range(len(data)) if data.startswith(b"\x1f\x43\xb6\x75", i)]
    if len(clusters) > 1:  # drop the bytes of a stretch in the middle
        data = data[: clusters[0] + 4000] + data[clusters[0] + 6000 :]
    else:
        data = data[: len(data) // 2] + data[len(data) // 2 + 2000 :]
    decoded = codec.decode(data)
    at, fit = sounds.lag(sounds.sweep(6.0)[80000:92000], decoded)
    assert at == pytest.approx(5.0, abs=0.02)
    assert fit > 0.9


@pytest.mark.parametrize("make", [sounds.webm, sounds.mp4, codec.as_wav])
@pytest.mark.parametrize(("keep_from", "keep_to"), [(0, None), (250, 1750), (1003, None), (None, 517), (333, 334)])
def test_trimming_is_exact_to_a_few_milliseconds(make, keep_from, keep_to):
    sound = sounds.sweep(2.0)
    kept = codec.decode(make(sound), keep_from=keep_from, keep_to=keep_to)
    first, last = (keep_from or 0) / 1000, min(2.0, (keep_to or 2000) / 1000)
    assert len(kept) / codec.SAMPLE_RATE == pytest.approx(last - first, abs=0.065 if keep_to is None else 0.001)
    if len(kept) > 4000:
        at, _ = sounds.lag(kept[:4000], sound)
        assert at == pytest.approx(first, abs=0.004)


@pytest.mark.parametrize(("keep_from", "keep_to"), [(9000, None), (500, 100), (None, 0)])
def test_a_trim_that_leaves_nothing_leaves_nothing(keep_from, keep_to):
    assert codec.decode(codec.as_wav(sounds.sweep(1.0)), keep_from=keep_from, keep_to=keep_to).size == 0


@pytest.mark.parametrize(
    "data", [b"", b"\x00", b"not audio at all" * 100, b"RIFF", sounds.webm(sounds.sweep(1.0))[:60]]
)
def test_bytes_without_audio_are_undecodable_and_not_worth_a_retry(data):
    with pytest.raises(codec.Undecodable) as caught:
        codec.decode(data)
    assert not caught.value.retryable


def test_a_video_without_sound_is_undecodable():
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as sink:
        stream = sink.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 32
        for _ in range(3):
            sink.mux(stream.encode(av.VideoFrame(32, 32, "yuv420p")))
        sink.mux(stream.encode(None))
    with pytest.raises(codec.Undecodable):
        codec.decode(target.getvalue())


def test_a_wav_that_says_it_is_longer_than_it_is_gives_what_there_is():
    data = bytearray(codec.as_wav(sounds.sweep(1.0)))
    data[40:44] = (1 << 30).to_bytes(4, "little")
    assert len(codec.decode(bytes(data))) == pytest.approx(16_000, abs=16)


def test_a_long_recording_is_refused_before_it_is_all_decoded():
    data = sounds.encoded(np.zeros(16_000 * 600, np.float32), "flac", "flac", rate=16_000)
    with pytest.raises(codec.TooLong):
        codec.decode(data, max_seconds=35.0)


def test_samples_that_are_no_numbers_become_silence():
    sound = sounds.sweep(1.0)
    sound[100:200], sound[300:400], sound[500:600] = np.nan, np.inf, -np.inf
    decoded = codec.decode(sounds.encoded(np.zeros(8, np.float32), "wav", "pcm_f32le", rate=16_000))
    head = codec.as_wav(np.zeros(0, np.float32))
    assert np.isfinite(decoded).all()
    float_wav = bytearray(head[:44])
    float_wav[20:22], float_wav[34:36] = (3).to_bytes(2, "little"), (32).to_bytes(2, "little")
    float_wav[28:32], float_wav[32:34] = (64_000).to_bytes(4, "little"), (4).to_bytes(2, "little")
    float_wav[40:44] = (len(sound) * 4).to_bytes(4, "little")
    decoded = codec.decode(bytes(float_wav) + sound.astype("<f4").tobytes())
    assert len(decoded) == len(sound)
    assert np.isfinite(decoded).all()
    assert not decoded[110:190].any()


def test_a_single_sample_is_decoded():
    assert len(codec.decode(codec.as_wav(np.array([0.5], np.float32)))) == 1


def test_a_voice_on_one_channel_only_is_kept_and_two_equal_ones_do_not_clip():
    sound = (sounds.sweep(1.0) * 2.2).astype(np.float32)  # peak 0.88
    both = codec.decode(sounds.encoded(sound, "flac", "flac", channels=2))
    assert np.abs(both).max() == pytest.approx(0.88, abs=0.03)


@pytest.mark.parametrize("level", [1e-4, 1e-3, 1e-2, 1e-1, 1.0])
def test_quiet_speech_is_raised_within_twenty_decibels_and_never_clips(level):
    quiet = sounds.sentences("en")[0].audio * np.float32(level)
    raised = codec.raised(quiet)
    gain = np.abs(raised).max() / np.abs(quiet).max()
    assert 1.0 <= gain <= 10.001
    assert np.abs(raised).max() <= 0.99


def test_silence_stays_silence_and_is_a_number():
    raised = codec.raised(np.zeros(16_000, np.float32))
    assert not raised.any()


def test_a_clipping_float_recording_is_brought_down():
    assert np.abs(codec.raised(sounds.sweep(1.0) * 9)).max() <= 0.99
