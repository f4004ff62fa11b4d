"""bin/bench engine: every engine is measured on the same weights, and writes as many tokens as were asked for."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from bench import clips, contestants, engine, shapes, turn
from bench.task import Task
from bench.turn import Failed
from speech.models import choice
from tests.speech_process import ROOT

ALL = {"ours", "openai-whisper", "faster-whisper-fp32", "faster-whisper-int8"}
ROW = {
    "engine", "model", "device", "dtype", "beam", "batch", "window_seconds", "clip_seconds", "seconds_per_clip", "rtfx",
    "peak_memory_mb",
}  # fmt: skip


@pytest.fixture
def smallest(monkeypatch) -> str:
    """A shape that is quick to make and to hear with."""
    monkeypatch.setitem(shapes.SHAPES, "smallest", (80, 64, 2, 1, 51_865, 1))
    return "smallest"


def test_all_engines_are_measured_with_a_fixed_number_of_tokens(smallest, tmp_path, capsys):
    figures = tmp_path / "figures.json"
    wanted = ["--models", smallest, "--batches", "2", "--clip-seconds", "10", "--tokens", "2", "--repeat", "1"]
    assert engine.main([*wanted, "--device", "cpu", "--json", str(figures)]) == 0
    found = json.loads(figures.read_text(encoding="utf-8"))
    assert {row["engine"] for row in found["rows"]} == ALL
    assert all(set(row) >= ROW for row in found["rows"])
    assert [row["window_seconds"] for row in found["rows"] if row["engine"] == "ours"] == [30, 15]
    for row in found["rows"]:
        assert (row["model"], row["device"], row["batch"], row["clip_seconds"]) == (smallest, "cpu", 2, 10)
        assert row["seconds_per_clip"] > 0
        assert row["rtfx"] == pytest.approx(10 / row["seconds_per_clip"], rel=0.01)
        assert 50 < row["peak_memory_mb"] < 2000
    assert found["machine"].keys() >= {"cpu", "cores", "flags", "memory_gb", "gpu", "python", "torch", "ctranslate2"}
    assert "x faster-whisper-int8, batch as ours" in capsys.readouterr().out


def test_the_bundled_model_writes_real_text_in_each(tmp_path):
    figures = tmp_path / "figures.json"
    wanted = ["--models", "demo", "--batches", "1", "--clip-seconds", "5", "--repeat", "1", "--device", "cpu"]
    assert engine.main([*wanted, "--engines", "openai-whisper,faster-whisper-int8", "--json", str(figures)]) == 0
    rows = json.loads(figures.read_text(encoding="utf-8"))["rows"]
    assert [(row["engine"], row["tokens"], row["texts_equal"]) for row in rows] == [
        ("openai-whisper", None, 1),
        ("faster-whisper-int8", None, 1),
    ]


def test_an_engine_that_fails_has_no_row_and_is_told_of(capsys):
    nowhere = "cuda:99"
    task = Task("faster-whisper-int8", "demo", "", "", nowhere, "auto", 1, 5.0, "padded", None)
    failures: list[Failed] = []
    assert engine._measured(iter([task]), 1, failures) == []
    assert len(failures) == 1
    assert "faster-whisper-int8 with demo ended with status 1" in capsys.readouterr().out


def test_another_number_of_tokens_than_was_asked_for_is_no_figure():
    task = Task("ours", "tiny", "", "", "cpu", "auto", 2, 5.0, "padded", 20)
    turn._checked(task, [20, 20])
    with pytest.raises(RuntimeError, match="20 for each clip"):
        turn._checked(task, [20, 19])


def test_windows_and_tokens_follow_the_clip():
    given = shapes.Files(choice.DEMO, choice.DEMO.parent)
    of = {
        seconds: list(engine._tasks(("ours",), given, "tiny", "cpu", "auto", 1, seconds, 40))
        for seconds in (10.0, 20.0)
    }
    assert [task.window for task in of[10.0]] == ["padded", "bucketed"]
    assert [task.window for task in of[20.0]] == ["padded"], "a 20 s clip has no shorter window"
    asked = engine._parser().parse_args([])
    assert [engine._tokens("tiny", seconds, asked) for seconds in (5, 10, 20)] == [20, 40, 80]
    assert engine._tokens("demo", 10, asked) is None


def test_times_are_compared_with_peers_one_at_a_time_and_with_batches_as_large():
    def row(name, batch, seconds):
        kept = {"model": "base", "beam": 1, "clip_seconds": 10.0, "window_seconds": 30.0}
        return {"engine": name, "batch": batch, "seconds_per_clip": seconds, **kept}

    rows = [row("ours", 8, 0.1), row("openai-whisper", 1, 0.6), row("openai-whisper", 8, 0.3)]
    assert engine.compared(rows).splitlines()[-1].split() == [
        "|",
        "base",
        "|",
        "10",
        "|",
        "1",
        "|",
        "8",
        "|",
        "30",
        "|",
        "6",
        "|",
        "3",
        "|",
    ]


def test_a_benchmark_that_does_not_exist_is_refused_and_those_that_do_are_named():
    done = subprocess.run(
        [sys.executable, "-m", "bench", "speed"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "bin/bench engine" in done.stderr
    assert "bin/bench accuracy" in done.stderr


@pytest.mark.parametrize("wanted", ["6", "0"])
def test_a_beam_that_nobody_could_compare_is_refused(wanted, capsys):
    with pytest.raises(SystemExit):
        engine.main(["--beam", wanted])
    assert "a beam is 1 to 5" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["openai-whisper", "faster-whisper-int8"])
def test_a_peer_writes_as_many_tokens_as_were_asked_for_with_a_beam_too(smallest, tmp_path, name):
    given = shapes.files(smallest, tmp_path)
    task = Task(name, smallest, str(given.checkpoint), str(given.converted), "cpu", "auto", 2, 10.0, "padded", 3, 5)
    heard = contestants.loaded(task).hear(clips.clips(2, 10.0))
    turn._checked(task, [tokens for _, tokens in heard])
    assert len(heard) == 2


def test_each_beam_is_a_setting_of_its_own_in_which_all_take_part(monkeypatch, tmp_path):
    monkeypatch.setattr(engine, "files", lambda _model, folder: shapes.Files(folder, folder))
    wanted = ["--models", "tiny", "--batches", "1", "--clip-seconds", "20", "--beam", "1,5", "--device", "cpu"]
    settings = [list(tasks) for tasks in engine._settings(engine._parser().parse_args(wanted), tmp_path)]
    assert [{task.beam for task in tasks} for tasks in settings] == [{1}, {5}]
    assert [{task.engine for task in tasks} for tasks in settings] == [ALL, ALL]
