"""People who are not there."""

from itertools import pairwise

import av
import numpy as np
import pytest

from meet.management.commands.simulate_meeting import _slug
from meet.simulation.speech_clips import cut, load, recorded
from speech.audio import codec
from tests.sentences import sentences
from tests.wav import read_wav

THREE = sentences("zh")[:3]


def _played(pause):
    gap = np.zeros(round(pause * codec.SAMPLE_RATE), np.float32)
    return np.concatenate([part for s in THREE for part in (read_wav(s.path), gap)])


def test_a_file_is_cut_at_its_pauses():
    clips = cut(_played(1.5), silence=1.0, longest=20.0)
    assert [clip.reason for clip in clips] == ["silence"] * 3
    assert all(clip.over - clip.speech_end == pytest.approx(1.0) for clip in clips)


def test_without_pauses_a_clip_ends_at_the_longest():
    clips = cut(_played(0.2), silence=1.0, longest=6.0)
    assert [clip.reason for clip in clips] == ["cut", "silence"]
    assert all(len(clip.audio) <= 6.0 * codec.SAMPLE_RATE for clip in clips)
    assert all(b.start == a.start + len(a.audio) / codec.SAMPLE_RATE for a, b in pairwise(clips))


def test_what_is_recorded_decodes_to_what_was_said():
    audio = read_wav(THREE[0].path)
    pieces = recorded(audio, 0.12)
    assert len(pieces) > 10
    assert len(codec.decode(b"".join(pieces))) / codec.SAMPLE_RATE == pytest.approx(THREE[0].seconds, abs=0.05)


def test_a_file_is_played_from_start_to_end():
    assert len(load(THREE[0].path, 0.5, 1.25)) == 0.75 * codec.SAMPLE_RATE


def test_what_is_no_audio_is_said(tmp_path):
    (tmp_path / "x.wav").write_bytes(b"nothing")
    with pytest.raises((codec.Undecodable, av.FFmpegError)):
        load(tmp_path / "x.wav", 0, None)


def test_a_clip_that_ends_with_the_file_is_over_when_the_silence_after_it_is():
    clips = cut(read_wav(THREE[0].path), silence=1.0, longest=20.0)
    assert [(clip.reason, round(clip.over - clip.speech_end, 3)) for clip in clips] == [("silence", 1.0)]


@pytest.mark.parametrize(
    ("room", "slug"),
    [
        ("https://example.org/rooms/%E9%80%B1%E6%9C%83-abcd2345efgh6723/", "週會-abcd2345efgh6723"),
        ("http://localhost:8000/rooms/weekly-abcd2345efgh6723/#host=secret", "weekly-abcd2345efgh6723"),
        ("weekly-abcd2345efgh6723", "weekly-abcd2345efgh6723"),
        ("Yes/No meeting", "Yes/No meeting"),
    ],
)
def test_a_room_is_named_by_its_link_too(room, slug):
    assert _slug(room) == slug
