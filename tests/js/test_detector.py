"""The page's speech detector, RNNoise and all, in Node: hums, quiet speech, speech over noise, and people's remarks.

What a browser adds (its microphone, the recorders) is in tests/browser/test_capture.py.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from tests.browser.sounds import fan, hum, noise, spoken

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"
RATE = 48_000
SENTENCES = ("en_04.wav", "zh_01.wav", "ja_01.wav")
Audio = npt.NDArray[np.float32]
Clips = list[list[int]]
# people's short remarks: recording, where the remark begins and ends (s), what is said
REMARKS = (
    ("human/en_ami_es2003a.flac", 1.74, 2.42, "Okay"),
    ("human/en_ami_es2003a.flac", 5.16, 5.84, "Right"),
    ("human/en_ami_es2003a.flac", 18.62, 19.3, "Yeah"),
    ("human/en_ami_es2003a.flac", 29.56, 29.96, "okay"),
    ("human/en_ami_en2009b.flac", 3.18, 3.66, "Yeah"),
    ("human/en_ami_en2009b.flac", 15.32, 15.6, "Right"),
    ("human/en_ami_en2009b.flac", 15.6, 16.2, "okay"),
    ("human/en_reazon_meeting.flac", 13.2, 13.76, "Yeah"),
    ("human/en_reazon_meeting.flac", 13.8, 14.1, "oh"),
    ("speech/ami_dev01.wav", 6.9, 7.32, "No"),
    ("speech/ami_dev01.wav", 15.24, 15.72, "Well"),
    ("speech/ami_dev01.wav", 17.06, 17.44, "yeah"),
)
QUIET = ("human/en_fleurs_9.ogg", "human/en_fleurs_2.ogg", "human/zh_aishell_0764.wav", "human/ja_reazon_mic.flac",
         "human/en_ami_es2011a_intro.wav", "speech/jfk.flac")  # fmt: skip


def read(path: Path) -> Audio:
    """A recording, 48 kHz mono."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    with av.open(str(path)) as container:
        parts = [part.to_ndarray()[0] for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    return np.concatenate([*parts, *(part.to_ndarray()[0] for part in resampler.resample(None))])


def raised(audio: Audio) -> Audio:
    """16 kHz as 48 kHz, by straight lines between the samples."""
    at = np.arange(len(audio) * 3) / 3
    return np.interp(at, np.arange(len(audio)), audio).astype(np.float32)


def level(audio: Audio) -> float:
    """RMS in dBFS."""
    return float(10 * np.log10((audio.astype(np.float64) ** 2).mean()))


def pad(audio: Audio, before: float, after: float) -> Audio:
    """Digital silence around a sound, in seconds."""
    return np.pad(audio, (round(before * RATE), round(after * RATE)))


def clips_of(tmp_path: Path, sounds: list[tuple[Audio, float]]) -> list[Clips]:
    """The clips of each sound (48 kHz) when it is raised to so many dBFS: [start, end] in ms."""
    wanted = []
    for number, (audio, dbfs) in enumerate(sounds):
        file = tmp_path / f"{number}.f32"
        audio.astype("<f4").tofile(file)
        wanted.append({"file": str(file), "db": dbfs - level(audio[audio != 0])})
    node = shutil.which("node", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    assert node, "node is missing; bin/setup installs it"
    done = subprocess.run(
        [node, str(ROOT / "tests" / "js" / "clips_of.mjs")], input=json.dumps(wanted), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: list[Clips] = json.loads(done.stdout)
    return found


def shared(name: str) -> Path:
    """A recording of people; the test is skipped where it is absent."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"people's recordings (../shared/data/{name}) are not on this machine")
    return path


@pytest.mark.parametrize("dbfs", [-30, -56])
def test_hum_and_noise_alone_open_no_clip(tmp_path: Path, dbfs: int) -> None:
    sounds = {f"hum of {hertz} Hz": hum(12, hertz, dbfs) for hertz in (60, 100, 120)}
    sounds |= {"fan": fan(12, dbfs), "pink": noise(12, dbfs, 1), "brown": noise(12, dbfs, 2)}
    found = clips_of(tmp_path, [(raised(sound), dbfs) for sound in sounds.values()])
    assert dict(zip(sounds, found, strict=True)) == {name: [] for name in sounds}


def test_a_hum_that_begins_keeps_a_clip_open_for_a_second_at_most(tmp_path: Path) -> None:
    room = noise(3, -75, 1)
    (found,) = clips_of(tmp_path, [(raised(np.concatenate([room, hum(20, 120, -56)])), -56)])
    assert len(found) <= 1
    assert all(end - start <= 3000 for start, end in found)  # a second before it and 0.8 s after it among them


def test_a_hum_behind_speech_lets_its_clip_end(tmp_path: Path) -> None:
    both = np.concatenate([np.zeros(32_000, np.float32), spoken("en_04.wav"), np.zeros(160_000, np.float32)])
    both += hum(len(both) / 16_000, 100, -56)[: len(both)]
    (found,) = clips_of(tmp_path, [(raised(both), level(raised(both)))])
    assert len(found) == 1
    assert found[0][1] <= 2000 + len(spoken("en_04.wav")) / 16 + 1500


@pytest.mark.parametrize("below", [10, 5, 0])
@pytest.mark.parametrize("kind", ["hum of 60 Hz", "hum of 120 Hz", "brown"])
def test_speech_over_hum_or_brown_noise_lies_in_clips(tmp_path: Path, kind: str, below: int) -> None:
    sounds, spans = [], []
    for name in SENTENCES:
        sentence = spoken(name)
        both = np.concatenate([np.zeros(48_000, np.float32), sentence, np.zeros(32_000, np.float32)])
        dbfs, seconds = level(sentence) - below, len(both) / 16_000
        both += (noise(seconds, dbfs, 2) if kind == "brown" else hum(seconds, int(kind.split()[2]), dbfs))[: len(both)]
        sounds.append((raised(both), level(both)))
        spans.append((3000, 3000 + len(sentence) // 16))
    inside = 0
    for (begin, end), found in zip(spans, clips_of(tmp_path, sounds), strict=True):
        inside += sum(max(0, min(end, to) - max(begin, since)) for since, to in found)
        assert sum(to - since for since, to in found) <= end - begin + 2500
    assert inside / sum(end - begin for begin, end in spans) >= 0.95


@pytest.mark.parametrize("dbfs", [-46, -52, -60])
def test_quiet_speech_opens_the_clips_of_loud_speech(tmp_path: Path, dbfs: int) -> None:
    sentences = [pad(raised(spoken(name)), 2, 2) for name in SENTENCES]
    loud = clips_of(tmp_path, [(sentence, -20) for sentence in sentences])
    quiet = clips_of(tmp_path, [(sentence, dbfs) for sentence in sentences])
    assert all(len(found) == 1 for found in loud)
    assert np.abs(np.array(loud) - np.array(quiet)).max() <= 120  # ms


@pytest.mark.parametrize("dbfs", [-46, -52, -60])
def test_quiet_recordings_of_people_are_in_the_clips_of_loud_ones(tmp_path: Path, dbfs: int) -> None:
    recordings = [read(shared(name)) for name in QUIET]
    loud = clips_of(tmp_path, [(audio, -20) for audio in recordings])
    quiet = clips_of(tmp_path, [(audio, dbfs) for audio in recordings])
    for name, audio, one, other in zip(QUIET, recordings, loud, quiet, strict=True):
        kept = [np.zeros(len(audio) // 48 + 1000, np.bool_) for _ in range(2)]
        for marks, found in zip(kept, (one, other), strict=True):
            for since, to in found:
                marks[since:to] = True
        assert (kept[0] & kept[1]).sum() / kept[0].sum() >= 0.98, name


def test_room_noise_at_60_dbfs_opens_no_clip(tmp_path: Path) -> None:
    room = read(shared("human/none_noise_15s.wav"))
    assert clips_of(tmp_path, [(room, -60), (room, -40)]) == [[], []]


@pytest.mark.parametrize("dbfs", [-25, -40, -52])
def test_short_remarks_of_people_each_open_a_clip(tmp_path: Path, dbfs: int) -> None:
    cut = []
    for name, begin, end, _said in REMARKS:
        remark = read(shared(name))[round(begin * RATE) : round(end * RATE)]
        cut.append((pad(remark, 1.5, 2), dbfs))
    cut.append((pad(read(shared("reports/en_remark_okay.wav")), 1.5, 2), dbfs))
    said = [said for *_, said in REMARKS] + ["Okay"]
    found = clips_of(tmp_path, [(audio, float(level)) for audio, level in cut])
    assert [(word, len(clips)) for word, clips in zip(said, found, strict=True)] == [(word, 1) for word in said]


def test_clicks_of_keys_and_a_mouse_open_no_clip(tmp_path: Path) -> None:
    dice = np.random.default_rng(3)
    sound = np.zeros(30 * RATE, np.float32)
    decay = np.exp(-np.arange(RATE // 20) / RATE * 500)
    for at in np.cumsum(0.15 + 0.2 * dice.random(100)):
        begin = round(float(at) * RATE)
        click = (dice.random(RATE // 20) - 0.5) * decay
        if begin + len(click) < len(sound):
            sound[begin : begin + len(click)] += click.astype(np.float32)
    assert clips_of(tmp_path, [(sound, -35), (sound, -50)]) == [[], []]
