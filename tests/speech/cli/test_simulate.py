"""`python -m speech simulate`: a file as a live stream, its partial and final lines, and their lag."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import numpy as np
import pytest

from speech import __main__ as command
from speech.audio import codec
from speech.audio.segmenter import Rules, cut
from speech.audio.stream_clips import ClipStream
from speech.cli import simulate
from speech.cli.simulate import SimulationPlan
from speech.config import Config
from tests.speech import sounds

pytestmark = pytest.mark.usefixtures("bundled")
SAID = sounds.sentences("en")[:3]
LINE = re.compile(r" *([\d.]+) s  (partial|final)\s+([\d.]+)–([\d.]+)  (.*)  \(lag ([\d.]+) s\)")


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    """Three sentences, with a second and more between them."""
    path = tmp_path / "talk.wav"
    path.write_bytes(codec.as_wav(sounds.told(SAID, pause=1.3)))
    return path


class Quick:
    """A clock on which waiting takes no time: what is heard meanwhile is heard in no time too."""

    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time

    async def until(self, moment: float) -> None:
        self.time = max(self.time, moment)
        await asyncio.sleep(0.02)


def shown(text: str) -> tuple[list[tuple[str, ...]], str]:
    """The lines' parts, and the summary."""
    *lines, summary = text.splitlines()
    return [LINE.fullmatch(line).groups() for line in lines], summary


def test_a_file_is_heard_chunk_by_chunk_each_clip_growing_to_its_final(talk, capsys):
    assert command.main(["simulate", str(talk), "--chunk", "0.5", "--language", "en", "--fast"]) == 0
    lines, summary = shown(capsys.readouterr().out)
    finals = [line for line in lines if line[1] == "final"]
    assert [line[4] for line in finals] == [sentence.text for sentence in SAID]
    for final in finals:
        partials = [line for line in lines if line[1] == "partial" and line[2] == final[2]]
        assert len(partials) >= 3
        assert [float(line[3]) for line in partials] == sorted(float(line[3]) for line in partials)
    assert [float(line[0]) for line in lines] == sorted(float(line[0]) for line in lines)
    assert re.fullmatch(
        r"3 clips, 3 with text, 0 failed, \d+ partials; lag of finals: P50 [\d.]+ s, P95 [\d.]+ s", summary
    )


def test_in_real_time_finals_all_come_and_partials_that_are_overtaken_do_not(talk, capsys):
    plan = SimulationPlan(talk, chunk=0.1, language="en")
    assert simulate.simulate(Config(model="demo", partial_interval_ms=100), plan, print, Quick()) == 0
    lines, _ = shown(capsys.readouterr().out)
    assert sorted(line[4] for line in lines if line[1] == "final") == sorted(sentence.text for sentence in SAID)
    assert sum(line[1] == "partial" for line in lines) < 60  # of some eighty moments with an open clip
    assert all(float(line[5]) >= 0 for line in lines)


@pytest.mark.parametrize(("said", "fast"), [([], False), (["--realtime"], False), (["--fast"], True)])
def test_it_is_played_as_it_was_spoken_unless_told_otherwise(said, fast, monkeypatch):
    plans: list[SimulationPlan] = []
    monkeypatch.setattr(simulate, "simulate", lambda config, plan, say: plans.append(plan))
    command.main(["simulate", "a.wav", *said])
    assert plans == [SimulationPlan(Path("a.wav"), fast=fast)]


def test_a_part_of_a_file_keeps_the_files_times(talk, capsys):
    start = SAID[0].seconds + 1.0
    arguments = ["--start", str(start), "--end", str(start + SAID[1].seconds + 1.2), "--fast", "--chunk", "1"]
    assert command.main(["simulate", str(talk), *arguments]) == 0
    lines, summary = shown(capsys.readouterr().out)
    assert all(float(line[2]) >= start - 0.01 for line in lines)
    assert [line[4] for line in lines if line[1] == "final"] == [SAID[1].text]
    assert summary.startswith("1 clips, 1 with text")


def test_silence_has_no_clips(tmp_path, capsys):
    (tmp_path / "silence.wav").write_bytes(codec.as_wav(np.zeros(48_000, np.float32)))
    assert command.main(["simulate", str(tmp_path / "silence.wav"), "--fast"]) == 0
    assert capsys.readouterr().out == "0 clips, 0 with text, 0 failed, 0 partials\n"


def test_a_clip_that_fails_is_said_and_counted(talk, capsys):
    assert command.main(["simulate", str(talk), "--fast", "--chunk", "5", "--language", "fr"]) == 1
    out = capsys.readouterr().out
    assert "(failed: model demo does not know fr" in out
    assert "3 failed" in out


@pytest.mark.parametrize(
    "arguments", [["--chunk", "0"], ["--start", "-1"], ["--start", "5", "--end", "5"], ["--chunk", "nan"]]
)
def test_a_plan_that_cannot_be_played_is_refused(talk, capsys, arguments):
    assert command.main(["simulate", str(talk), *arguments]) == 2
    assert "--" in capsys.readouterr().err


def test_a_file_without_sound_there_is_an_error_in_one_line(talk, tmp_path, capsys):
    assert command.main(["simulate", str(talk), "--start", "3000"]) == 1
    assert command.main(["simulate", str(tmp_path / "none.wav")]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_a_microphone_hears_the_same_clips_whatever_the_chunks():
    audio = sounds.told(SAID, pause=1.3)
    heard = []
    for step in (1_600, 8_000, 7_777, len(audio)):
        microphone = ClipStream(Rules(), 2)
        found = [one for at in range(0, len(audio), step) for one in microphone.push(audio[at : at + step])]
        heard.append(found + microphone.finish())
    assert len(heard[0]) == 3
    assert all(found == heard[0] for found in heard)
    assert heard[0][-1].end <= len(audio) / 16


def test_a_microphone_without_a_detector_takes_all_for_speech():
    microphone = ClipStream(Rules(6.0), None)
    audio = sounds.noise("pink", 15.0, 0.1)
    found = microphone.push(audio) + microphone.finish()
    assert [one.cut for one in found] == [True] * (len(found) - 1) + [False]
    assert (found[0].start, found[-1].end) == (-1000, 15_000)
    assert cut(np.zeros(0, np.float32), [], Rules()) == []
