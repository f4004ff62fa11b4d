"""speech.audio.downmix: whichever channels a voice is on, and however they are turned or late, it is heard."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speech.audio import codec, downmix, voice_detection
from tests.speech import media, sounds

HUMAN = Path(__file__).resolve().parents[4] / "shared" / "data" / "human"
FORMATS = {
    "wav": ("wav", "pcm_s16le"),
    "flac": ("flac", "flac"),
    "m4a": ("mp4", "aac"),
    "opus": ("ogg", "libopus"),
    "webm": ("webm", "libopus"),
}
VOICE = np.concatenate([one.audio for one in sounds.sentences("en")[:2]])
OTHER = np.concatenate([one.audio for one in sounds.sentences("ja")[:3]])[: len(VOICE)]
OTHER = np.pad(OTHER, (0, len(VOICE) - len(OTHER)))
NOTHING = np.zeros_like(VOICE)


def loudness(audio) -> float:
    """RMS in dB."""
    return float(10 * np.log10((np.asarray(audio, np.float64) ** 2).mean() + 1e-12))


def likeness(audio, voice) -> float:
    """How well one signal fits into the other at the best delay, in either polarity, 0 to 1."""
    size = 1 << (len(audio) + len(voice)).bit_length()
    found = np.fft.irfft(np.fft.rfft(audio, size) * np.conj(np.fft.rfft(voice, size)), size)
    return float(np.abs(found).max() / (np.linalg.norm(audio) * np.linalg.norm(voice) + 1e-12))


def delayed(audio, samples: int):
    return np.pad(audio, (samples, 0))[: len(audio)]


def mixed(*columns):
    mixer = downmix.Downmixer(len(columns))
    block = np.stack(columns, axis=1).astype(np.float32)
    return np.concatenate([*mixer.push(block), *mixer.finish()])


@pytest.mark.parametrize(
    ("name", "count"),
    [(name, count) for name in FORMATS for count in media.LAYOUTS if (name, count) != ("m4a", 7)],  # FFmpeg has no such
)
def test_voice_on_one_of_any_number_of_channels_keeps_its_level_in_every_format(name, count):
    spoken = media.CENTRE.get(count, count - 1)
    data = media.channels([VOICE if place == spoken else NOTHING for place in range(count)], *FORMATS[name])
    heard = codec.decode(data)
    assert likeness(heard, VOICE) > 0.9
    assert loudness(heard) == pytest.approx(loudness(VOICE), abs=1.5)


@pytest.mark.parametrize("name", FORMATS)
def test_voice_in_opposite_phase_on_two_channels_is_heard(name):
    heard = codec.decode(media.channels([VOICE, -VOICE], *FORMATS[name]))
    assert likeness(heard, VOICE) > 0.95
    assert loudness(heard) == pytest.approx(loudness(VOICE), abs=1.5)
    assert voice_detection.spans(codec.raised(heard), 2)


@pytest.mark.parametrize(
    ("count", "order"), [(3, 114), (4, 116), (6, 122), (6, 123), (6, 124)], ids=["C L R", "C L R Cs", "5.1 B", "C", "D"]
)
def test_film_whose_channels_are_in_another_order_is_heard(count, order):
    """Core Audio's layout tags (CoreAudioBaseTypes.h); PyAV ended the process at such a layout."""
    data = media.channels([VOICE if place == 0 else NOTHING for place in range(count)], "mov", rate=16_000)
    tag = data.index(b"chan") + 8
    heard = codec.decode(data[:tag] + (order << 16 | count).to_bytes(4, "big") + data[tag + 4 :])
    assert likeness(heard, VOICE) > 0.99
    assert loudness(heard) == pytest.approx(loudness(VOICE), abs=0.1)


def test_equal_channels_are_mixed_to_exactly_what_they_are():
    assert np.allclose(mixed(VOICE, VOICE), VOICE, atol=1e-6)


@pytest.mark.parametrize("late", [1, 4, 16, 80, 160])
@pytest.mark.parametrize("sign", [1, -1])
def test_voice_that_is_late_on_the_other_channel_is_no_comb_filter(late, sign):
    heard = mixed(VOICE, sign * 0.9 * delayed(VOICE, late))
    assert likeness(heard, VOICE) > 0.93
    assert loudness(heard) == pytest.approx(loudness(VOICE), abs=1.5)


@pytest.mark.parametrize("sign", [1, -1])
def test_voice_in_phase_under_noise_of_two_microphones_gains_by_both(sign):
    level = 0.4 * float(np.sqrt((VOICE**2).mean()))
    noises = [sounds.noise("white", len(VOICE) / codec.SAMPLE_RATE, level, seed)[: len(VOICE)] for seed in (1, 2)]
    one = VOICE + noises[0]
    assert likeness(mixed(one, sign * (VOICE + noises[1])), VOICE) > likeness(one, VOICE) + 0.02


def test_voice_whose_phase_is_turned_by_a_quarter_on_the_other_channel_is_kept():
    spectrum = np.fft.rfft(VOICE)
    turned = np.fft.irfft(1j * spectrum, len(VOICE))
    assert likeness(mixed(VOICE, 0.95 * turned), VOICE) > 0.93


def test_two_voices_one_on_each_channel_are_both_heard_at_once_and_in_turn():
    both = mixed(VOICE, OTHER)
    assert loudness(both) == pytest.approx(max(loudness(VOICE), loudness(OTHER)), abs=0.5)
    for one in (VOICE, OTHER):
        assert likeness(both, one) > 0.4
    first, second = np.concatenate([VOICE, NOTHING]), np.concatenate([NOTHING, OTHER])
    in_turn = mixed(first, second)
    assert likeness(in_turn[: len(VOICE)], VOICE) > 0.99
    assert likeness(in_turn[len(VOICE) :], OTHER) > 0.99
    assert loudness(in_turn[: len(VOICE)]) > loudness(VOICE) - 6


def test_quiet_second_voice_is_heard_beside_a_loud_first_one():
    first, second = np.concatenate([VOICE, NOTHING]), np.concatenate([NOTHING, OTHER * 0.03])
    assert loudness(mixed(first, second)[len(VOICE) :]) > loudness(OTHER * 0.03) - 6


def test_voice_with_hum_ten_times_as_loud_on_the_other_channel_is_heard():
    at = np.arange(len(VOICE)) / codec.SAMPLE_RATE
    heard = mixed(VOICE, (0.5 * np.sin(2 * np.pi * 50 * at)).astype(np.float32))
    assert likeness(np.diff(heard), np.diff(VOICE)) > 0.9


def test_long_recording_whose_voice_changes_channel_and_phase_keeps_its_level_throughout():
    minute = np.resize(VOICE, 60 * codec.SAMPLE_RATE)
    silent = np.zeros_like(minute)
    left = np.concatenate([minute, silent, minute])
    right = np.concatenate([silent, minute, -minute])
    heard = mixed(left, right)
    for start in range(0, len(heard), 5 * codec.SAMPLE_RATE):
        part = slice(start, start + 5 * codec.SAMPLE_RATE)
        assert loudness(heard[part]) == pytest.approx(loudness(np.concatenate([minute] * 3)[part]), abs=1.5)
    steps = np.abs(np.diff(heard)).max()
    assert steps <= np.abs(np.diff(minute)).max() * 1.05  # no click where the mix changes


def test_mix_does_not_depend_on_the_size_of_the_pieces():
    columns = np.stack([VOICE, -0.4 * OTHER], axis=1)
    columns = np.resize(columns, (70 * codec.SAMPLE_RATE, 2)).astype(np.float32)
    whole, pieces = downmix.Downmixer(2), downmix.Downmixer(2)
    expected = np.concatenate([*whole.push(columns), *whole.finish()])
    got = [part for at in range(0, len(columns), 1013) for part in pieces.push(columns[at : at + 1013])]
    assert np.array_equal(np.concatenate([*got, *pieces.finish()]), expected)


@pytest.mark.parametrize("size", [0, 1, 7, 63, 64, 500])
@pytest.mark.parametrize("count", [1, 2, 8])
def test_short_and_silent_blocks_keep_their_length(size, count):
    mixer = downmix.Downmixer(count)
    parts = [*mixer.push(np.zeros((size, count), np.float32)), *mixer.push(np.ones((size, count), np.float32) * 0.1)]
    assert sum(map(len, [*parts, *mixer.finish()])) == 2 * size


def test_huge_samples_give_numbers():
    columns = np.full((4000, 2), 1e30, np.float32)
    columns[::2] *= -1
    assert np.isfinite(downmix.weights(columns)).all()


@settings(max_examples=60, deadline=None)
@given(
    copies=st.lists(
        st.tuples(
            st.floats(-40, 0),  # gain, dB
            st.sampled_from([1, -1]),
            st.integers(0, 160),  # delay, samples: to 10 ms
        ),
        min_size=1,
        max_size=8,
    ),
    sentence=st.integers(0, 9),
)
def test_any_copies_of_one_voice_are_mixed_to_that_voice_at_the_loudest_ones_level(copies, sentence):
    voice = sounds.sentences()[sentence].audio
    columns = [(sign * 10 ** (gain / 20) * delayed(voice, late)).astype(np.float32) for gain, sign, late in copies]
    heard = mixed(*columns)
    assert likeness(heard, voice) > 0.9
    assert abs(loudness(heard) - max(map(loudness, columns))) < 6
    assert np.abs(heard).max() < 1.0


def test_hour_of_stereo_is_mixed_within_a_small_part_of_its_time(record_property):
    minute = np.resize(np.stack([VOICE, OTHER], axis=1), (60 * codec.SAMPLE_RATE, 2)).astype(np.float32)
    mixer, started = downmix.Downmixer(2), time.process_time()
    heard = sum(len(part) for _ in range(60) for part in mixer.push(minute))
    spent = time.process_time() - started
    record_property("seconds", spent)
    assert heard == 3600 * codec.SAMPLE_RATE
    assert spent < 60  # two to five seconds of one core as a rule


@pytest.mark.skipif(not HUMAN.is_dir(), reason="needs the recordings of people beside the project, which are not here")
def test_two_people_one_on_each_channel_are_both_heard():
    data = (HUMAN / "en_stereo_left_right.wav").read_bytes()
    rows = json.loads((HUMAN / "index.json").read_text(encoding="utf-8"))
    assert rows
    import soundfile

    columns, rate = soundfile.read(HUMAN / "en_stereo_left_right.wav", dtype="float32")
    heard = codec.decode(data)
    assert len(heard) / codec.SAMPLE_RATE == pytest.approx(len(columns) / rate, abs=0.02)
    for side in (0, 1):
        voice = codec.decode(media.channels([columns[:, side]], rate=rate))
        assert likeness(heard, voice) > 0.5
