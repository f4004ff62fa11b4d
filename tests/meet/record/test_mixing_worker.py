"""The mixing process: clips on one time line, in blocks, without wrap-around."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from meet.record import mixing_worker
from meet.record.mixing_worker import FULL, KNEE, SAMPLE_RATE, PlacedClip

ROOT = Path(__file__).resolve().parents[3]


def tone(seconds: float, peak: float, hertz: float = 220) -> np.ndarray:
    at = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return np.round(np.sin(2 * np.pi * hertz * at) * peak * FULL).astype(np.int16)


def noise(seconds: float, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(-9000, 9000, round(seconds * SAMPLE_RATE)).astype(np.int16)


@pytest.fixture
def put(tmp_path):
    """Write a clip's file; how it is placed."""

    def _put(name: str, sound: np.ndarray, at: float, rate: int = SAMPLE_RATE) -> PlacedClip:
        path = tmp_path / f"{name}.flac"
        soundfile.write(path, sound, rate)
        return PlacedClip(name, str(path), round(at * SAMPLE_RATE))

    return _put


@pytest.fixture
def target(tmp_path) -> Path:
    (tmp_path / "meeting").mkdir()
    return tmp_path / "meeting" / "combo.flac"


def heard(path: Path) -> np.ndarray:
    sound, rate = soundfile.read(path, dtype="int16")
    assert rate == SAMPLE_RATE
    return sound


def test_clips_lie_where_they_were_spoken_sample_by_sample_with_silence_between(put, target):
    first, second = noise(2.5, 1), noise(41, 2)  # the second one reaches over two blocks' edges
    mixed = mixing_worker.write([put("second", second, 28.0625), put("first", first, 0.5)], target)
    sound = heard(target)
    expected = np.zeros(round(69.0625 * SAMPLE_RATE), np.int16)
    expected[8000 : 8000 + len(first)] = first
    expected[-len(second) :] = second
    assert (mixed.samples, mixed.left_out) == (len(expected), {})
    np.testing.assert_array_equal(sound, expected)


def test_people_who_speak_at_once_are_both_heard(put, target):
    low, high = tone(2, 0.3), tone(2, 0.3, hertz=1000)
    mixing_worker.write([put("low", low, 0), put("high", high, 1)], target)
    both = np.zeros(3 * SAMPLE_RATE, np.int16)
    both[: len(low)] += low
    both[-len(high) :] += high
    np.testing.assert_array_equal(heard(target), both)


def test_loud_voices_that_add_up_are_bent_and_never_wrap_around(put, target):
    mixing_worker.write([put(str(n), tone(1, 0.9), 0) for n in range(4)], target)
    sound, alone = heard(target).astype(int), tone(1, 0.9).astype(int)
    assert np.abs(sound).max() <= FULL
    assert (np.sign(sound) == np.sign(alone)).all()
    assert np.abs(np.diff(sound)).max() <= 4 * np.abs(np.diff(alone)).max()  # a wrap would jump by a full scale


def test_the_curve_joins_the_knee_and_rises_all_the_way():
    rising = np.arange(0, 4 * FULL, 7, dtype=np.int32)
    bent = mixing_worker.softened(rising, np.ones(len(rising), bool)).astype(int)
    np.testing.assert_array_equal(bent[rising <= KNEE], rising[rising <= KNEE])
    assert (np.diff(bent) >= 0).all()
    assert np.diff(bent).max() <= 8


def test_one_loud_voice_alone_stays_as_it_is(put, target):
    loud = tone(1, 1.0)
    mixing_worker.write([put("loud", loud, 0)], target)
    np.testing.assert_array_equal(heard(target), loud)


def test_a_clip_that_cannot_be_read_is_left_out_and_named_and_the_others_are_there(put, target, tmp_path):
    good, cut = noise(1, 1), put("cut", noise(60, 2), 0)
    whole = Path(cut.path).read_bytes()
    Path(cut.path).write_bytes(whole[: len(whole) * 3 // 4])
    (tmp_path / "empty.flac").write_bytes(b"")
    lost = [
        PlacedClip("empty", str(tmp_path / "empty.flac"), 0),
        PlacedClip("gone", str(tmp_path / "gone.flac"), 0),
        put("stereo", np.stack([noise(1, 3)] * 2, axis=1), 0),
        put("other", noise(1, 4), 0, rate=48_000),
    ]
    mixed = mixing_worker.write([cut, *lost, put("good", good, 61)], target)
    assert mixed.left_out == {
        "cut": "from its second 30.0 on: its file is damaged",
        "empty": "its file is damaged",
        "gone": "its file is missing",
        "stereo": "its file has 2 channels at 16000 Hz",
        "other": "its file has 1 channels at 48000 Hz",
    }
    sound = heard(target)
    np.testing.assert_array_equal(sound[61 * SAMPLE_RATE :], good)
    np.testing.assert_array_equal(sound[: 30 * SAMPLE_RATE], noise(60, 2)[: 30 * SAMPLE_RATE])


def test_where_nothing_can_be_heard_there_is_no_file_and_an_older_one_goes(target, put):
    mixing_worker.write([put("a", noise(1, 1), 0)], target)
    assert mixing_worker.write([PlacedClip("gone", "/nowhere.flac", 0)], target).samples == 0
    assert list(target.parent.iterdir()) == []


def test_what_a_killed_process_left_is_cleared_away(put, target):
    (target.parent / f"{mixing_worker.MIXING}left").write_bytes(b"half")
    mixing_worker.write([put("a", noise(1, 1), 0)], target)
    assert [path.name for path in target.parent.iterdir()] == ["combo.flac"]


def ordered(line: bytes, limit: str = "") -> tuple[dict, int]:
    """What the process says to an order, and the most memory it had, in bytes."""
    # not getrusage: before it became this program the process was a copy of the tests' own
    program = "import pathlib, re, resource\nfrom meet.record import mixing_worker\n"
    program += f"{limit}\nstatus = mixing_worker.main()\n"
    program += "told = pathlib.Path('/proc/self/status').read_text()\n"
    program += "print(int(re.search(r'VmHWM:\\s+(\\d+)', told)[1]) * 1024)\nraise SystemExit(status)"
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=False
    ) as process:
        process.stdin.write(line)
        process.stdin.flush()
        answer, memory = process.stdout.read().splitlines()
    return json.loads(answer), int(memory)


def order(clips: list[PlacedClip], target: Path) -> bytes:
    rows = [[clip.clip, clip.path, clip.at] for clip in clips]
    return json.dumps({"target": str(target), "clips": rows}).encode() + b"\n"


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_three_hours_of_three_thousand_clips_take_no_more_memory_than_a_minute(put, target):
    sound = noise(3, 1)
    short = [put(f"clip-{n}", sound, 3.6 * n) for n in range(10)]
    _mixed, small = ordered(order(short, target))
    many = [PlacedClip(str(n), short[n % 10].path, round(3.6 * n * SAMPLE_RATE)) for n in range(3000)]
    mixed, large = ordered(order(many, target))
    assert mixed == {"samples": round((2999 * 3.6 + 3) * SAMPLE_RATE), "left_out": {}}
    assert large < small + 16 * 2**20
    assert large < 150 * 2**20  # Python, numpy and libsndfile themselves included; the sound alone would take 690


def test_six_hours_of_silence_take_next_to_no_room(put, target):
    clips = [put("first", noise(1, 1), 0), put("last", noise(1, 2), 6 * 3600)]
    assert mixing_worker.write(clips, target).samples == (6 * 3600 + 1) * SAMPLE_RATE
    assert target.stat().st_size < 2_000_000


@pytest.mark.skipif(sys.platform == "win32", reason="the resource module")
def test_a_disk_that_is_full_leaves_the_older_recording_whole(put, target):
    mixing_worker.write([put("a", noise(1, 1), 0)], target)
    before = target.read_bytes()
    full = "resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))"
    answer, _memory = ordered(order([put("b", noise(60, 2), 0)], target), full)
    assert "error" in answer
    assert target.read_bytes() == before
    assert [path.name for path in target.parent.iterdir()] == ["combo.flac"]


def test_it_ends_when_whoever_asked_is_gone(put, target):
    far = [put("a", noise(1, 1), 0), put("b", noise(1, 2), 100 * 3600)]
    with subprocess.Popen(
        [sys.executable, "-m", "meet.record.mixing_worker"], cwd=ROOT, stdin=subprocess.PIPE
    ) as process:
        process.stdin.write(order(far, target))
        process.stdin.close()
        assert process.wait(60) == 1
    assert not target.exists()
