"""`manage.py check` on this machine: each problem with its id and its cure, asked of the real speech side."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.core.checks import Error, Info, Warning
from django.utils import translation

from meet import checks
from speech.diagnosis.messages import PROBLEMS
from tests.speech import stand_ins
from tests.speech_process import Speech

ROOT = Path(__file__).resolve().parents[2]
NOWHERE = "127.0.0.1:9"


def ids(found) -> list[str]:
    return [message.id for message in found]


def manage(data: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`manage.py check` as a person runs it, with data of its own."""
    ours = {"DATA_DIR": str(data), "DJANGO_SETTINGS_MODULE": "meeting.settings", "WHISPER_MODEL": "demo"}
    return subprocess.run(
        [sys.executable, "manage.py", "check", *arguments],
        cwd=ROOT, env={**os.environ, **ours, **environment}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_what_the_speech_side_finds_is_said(settings, monkeypatch):
    monkeypatch.setenv("WHISPER_DEVICE", "cpu")
    (found,) = checks.speech()
    assert (found.level, found.id) == (Info("").level, "speech.found")
    assert "demo.pt" in found.msg
    assert "CUDA" in found.msg


def test_a_problem_there_comes_with_its_cure(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", stand_ins.raising(tmp_path, "torch", f"OSError({stand_ins.NO_RUNTIME!r})"))
    problem = checks.speech()[-1]
    assert isinstance(problem, Error)
    assert problem.id == "speech.visual_cpp_missing"
    assert "WinError 126" in problem.msg
    assert "vc_redist" in problem.hint


@pytest.mark.skipif(os.name != "posix", reason="a shell script stands in for the driver's program")
def test_what_only_slows_it_is_a_warning(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", stand_ins.torch_of(tmp_path / "torch", cuda=None))
    monkeypatch.setenv("WHISPER_MODEL", stand_ins.LISTED)
    smi = stand_ins.nvidia_smi(tmp_path / "bin", "NVIDIA L4, 580.65.06")
    monkeypatch.setenv("PATH", f"{smi}:{os.environ['PATH']}")
    found = {one.id: one for one in checks.speech()}
    assert isinstance(found["speech.torch_without_cuda"], Warning)
    assert "cu130" in found["speech.torch_without_cuda"].hint


def test_it_is_said_in_the_readers_language(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", stand_ins.raising(tmp_path, "torch", f"OSError({stand_ins.NO_RUNTIME!r})"))
    with translation.override("zh-hant"):
        assert "請安裝 x64 版" in checks.speech()[-1].hint


def test_every_sentence_of_the_speech_side_has_its_chinese():
    with (ROOT / "locale/zh_Hant/LC_MESSAGES/django.po").open("rb") as file:
        chinese = {one.id for one in read_po(file, locale="zh_Hant") if one.string and not one.fuzzy}
    sentences = {text for _level, message, cure in PROBLEMS.values() for text in (message, cure)} - {"%(why)s"}
    assert sorted(sentences - chinese) == []


def test_a_speech_side_that_hangs_is_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", stand_ins.raising(tmp_path, "torch", "__import__('time').sleep(600)"))
    monkeypatch.setattr(checks, "PATIENCE_SECONDS", 3)
    assert ids(checks.speech()) == ["speech.slow"]


def test_a_speech_side_that_crashes_is_told_of(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", stand_ins.raising(tmp_path, "torch", "__import__('os')._exit(132)"))
    (found,) = checks.speech()
    assert (found.id, isinstance(found, Error)) == ("speech.ended", True)
    assert "132" in found.msg


def test_a_speech_server_elsewhere_that_does_not_answer(settings):
    settings.SPEECH_URL = f"http://{NOWHERE}"
    (found,) = checks.speech()
    assert isinstance(found, Warning)
    assert (found.id, NOWHERE in found.msg) == ("speech.away", True)


def test_a_speech_server_elsewhere_and_its_token(settings):
    with Speech(SPEECH_TOKEN="right") as process:
        settings.SPEECH_URL, settings.SPEECH_TOKEN = process.address, "wrong"
        assert ids(checks.speech()) == ["speech.token"]
        settings.SPEECH_TOKEN = "right"
        (found,) = checks.speech()  # while it loads still
        assert (found.id, process.address in found.msg) == ("speech.found", True)


def test_without_redis_server_it_says_that_memory_serves(settings, monkeypatch, tmp_path):
    settings.REDIS_URL = ""
    monkeypatch.setenv("PATH", str(tmp_path))
    (found,) = checks.channel_layer()
    assert isinstance(found, Info)
    assert "apt install redis-server" in found.hint


def test_a_redis_that_was_named_must_answer(settings):
    settings.REDIS_URL = f"redis://{NOWHERE}"
    (found,) = checks.channel_layer()
    assert (found.id, isinstance(found, Error)) == ("machine.redis_away", True)


@pytest.mark.django_db(transaction=True)
def test_a_database_with_all_its_tables_is_no_news():
    assert checks.database() == []


def test_a_key_that_nobody_uses_is_told_of(settings):
    settings.TRANSLATOR, settings.DEEPL_API_KEY = ["google"], "secret"
    (found,) = checks.translators()
    assert "DEEPL_API_KEY" in found.msg
    assert "TRANSLATOR=deepl,google" in found.hint
    assert "secret" not in found.msg + found.hint


def test_the_command_looks_at_the_machine_and_makes_no_database(tmp_path):
    done = manage(tmp_path, "--tag", "machine", REDIS_URL=f"redis://{NOWHERE}", DATABASE_URL="")
    assert done.returncode == 1
    assert "machine.redis_away" in done.stderr
    assert "machine.not_migrated" in done.stderr
    assert not (tmp_path / "db.sqlite3").exists()


def test_a_database_that_does_not_answer_is_an_error(tmp_path):
    done = manage(tmp_path, "--tag", "machine", DATABASE_URL=f"postgres://{NOWHERE}/meeting")
    assert done.returncode == 1
    assert "machine.database_away" in done.stderr


def test_the_code_can_be_looked_at_alone(tmp_path):
    done = manage(tmp_path, "--code-only", REDIS_URL=f"redis://{NOWHERE}")
    assert (done.returncode, "machine." in done.stdout + done.stderr) == (0, False)


def test_a_setting_that_cannot_be_used_is_said_in_a_line(tmp_path):
    done = manage(tmp_path, "--code-only", PORT="often")
    assert done.returncode == 1
    assert done.stderr.startswith("Not run: PORT='often' is not a number")
