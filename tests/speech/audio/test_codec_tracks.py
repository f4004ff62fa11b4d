"""speech.audio.codec: of several tracks and streams, the one with the speech is heard."""

from __future__ import annotations

import numpy as np
import pytest

from speech.audio import codec
from tests.speech import media, sounds
from tests.speech.media import Track

VOICE = np.concatenate([one.audio for one in sounds.sentences("en")[:2]])
SILENCE = np.zeros_like(VOICE)
CONTAINERS = {"mp4": ("mp4", "aac"), "matroska": ("matroska", "libopus"), "webm": ("webm", "libopus")}


def film(name: str, *tracks: Track) -> bytes:
    return media.file(CONTAINERS[name][0], tracks, film=name != "webm")


def assert_heard(data: bytes) -> None:
    heard = codec.decode(data)
    assert len(heard) / codec.SAMPLE_RATE == pytest.approx(len(VOICE) / codec.SAMPLE_RATE, abs=0.03)
    at, fit = sounds.lag(heard[16_000:32_000], VOICE)
    assert at == pytest.approx(1.0, abs=0.004)
    assert fit > 0.9


@pytest.fixture(params=CONTAINERS)
def name(request) -> str:
    return request.param


@pytest.fixture
def voice(name) -> Track:
    return Track(VOICE, CONTAINERS[name][1])


@pytest.mark.parametrize("place", [0, 1])
def test_track_without_decoder_is_passed_over_wherever_it_is(name, voice, place):
    other = Track(sounds.noise("white", 3.0, 0.2), voice.encoder)
    tracks = [voice, voice]
    tracks[place] = other
    assert_heard(media.unknown_codec(film(name, *tracks), place))


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("kind", ["short", "silent", "empty", "damaged"])
def test_track_with_nothing_in_it_is_passed_over_wherever_it_is(name, voice, kind, place):
    nothing = {
        "short": Track(VOICE[8000:8320], voice.encoder),
        "silent": Track(SILENCE, voice.encoder),
        "empty": Track(VOICE[:0], voice.encoder),
        "damaged": Track(VOICE, voice.encoder, damaged=True),
    }[kind]
    tracks = [voice, voice]
    tracks[place] = nothing
    assert_heard(film(name, *tracks))


def test_first_of_two_good_tracks_is_heard(name, voice):
    assert_heard(film(name, voice, Track(sounds.noise("white", 7.0, 0.2), voice.encoder)))


def test_third_of_three_tracks_is_heard_where_the_others_have_nothing(name, voice):
    assert_heard(film(name, Track(SILENCE, voice.encoder), Track(VOICE[:320], voice.encoder), voice))


def test_good_track_of_a_recording_that_was_cut_off_is_heard():
    data = film("webm", Track(VOICE[8000:8320], "libopus"), Track(VOICE, "libopus"))
    heard = codec.decode(data[: len(data) * 6 // 10])
    at, fit = sounds.lag(heard[16_000:32_000], VOICE)
    assert at == pytest.approx(1.0, abs=0.004)
    assert fit > 0.9


def test_tracks_without_any_sound_are_silence(name, voice):
    heard = codec.decode(film(name, Track(SILENCE, voice.encoder), Track(SILENCE, voice.encoder)))
    assert len(heard) / codec.SAMPLE_RATE == pytest.approx(len(VOICE) / codec.SAMPLE_RATE, abs=0.03)
    assert np.abs(heard).max() < 0.001


def test_tracks_that_nobody_can_decode_are_undecodable(name, voice):
    data = film(name, voice, voice)
    with pytest.raises(codec.Undecodable):
        codec.decode(media.unknown_codec(media.unknown_codec(data, 1), 0))


@pytest.mark.parametrize(("container", "encoder"), [("mp4", "aac"), ("mp4", "libmp3lame"), ("matroska", "libmp3lame")])
def test_damaged_recording_is_undecodable_and_not_silence(container, encoder):
    with pytest.raises(codec.Undecodable):
        codec.decode(media.file(container, [Track(VOICE, encoder, damaged=True)]))


def test_time_code_of_a_film_does_no_harm():
    data = media.file("mov", [Track(VOICE)], film=True)
    assert b"tmcd" in data
    assert_heard(data)


@pytest.mark.parametrize(("container", "encoder"), [("mp4", "aac"), ("matroska", "libopus")])
def test_cover_does_no_harm(container, encoder):
    data = media.file(container, [Track(VOICE, encoder)], cover=True)
    assert b"\xff\xd8\xff" in data
    assert_heard(data)


def test_cover_of_an_mp3_does_no_harm():
    cover = b"\x00image/jpeg\x00\x03\x00" + b"\xff\xd8\xff\xe0" + bytes(range(256)) * 20
    frame = b"APIC" + len(cover).to_bytes(4, "big") + b"\x00\x00" + cover
    size = len(frame)
    tag = b"ID3\x03\x00\x00" + bytes(size >> shift & 127 for shift in (21, 14, 7, 0)) + frame
    assert_heard(tag + media.file("mp3", [Track(VOICE, "libmp3lame")]))


def test_track_that_is_too_long_is_refused(name, voice):
    with pytest.raises(codec.TooLong):
        codec.decode(film(name, Track(VOICE[:320], voice.encoder), voice), max_seconds=2.0)
