"""The preparation before the first request, and when it is needed again."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
ASK = "from meeting.supervisor import prepare; print(prepare.needed())"


def prepare(data: Path, *code: str, **environment: str) -> str:
    """What a Python with this DATA_DIR printed."""
    command = [sys.executable, *(code or ("-m", "meeting.supervisor.prepare"))]
    settings = {**os.environ, "DATA_DIR": str(data), **environment}
    return subprocess.run(command, cwd=ROOT, env=settings, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("data")
    prepare(data)
    return data


def test_a_new_folder_needs_it(tmp_path):
    assert prepare(tmp_path, "-c", ASK) == "True"


def test_afterwards_it_is_not_needed(prepared):
    assert prepare(prepared, "-c", ASK) == "False"


def test_other_settings_need_it_again(prepared):
    assert prepare(prepared, "-c", ASK, DEBUG="on") == "True"


def test_a_database_that_is_gone_needs_it_again(prepared):
    database = prepared / "db.sqlite3"
    moved = database.rename(prepared / "elsewhere")
    try:
        assert prepare(prepared, "-c", ASK) == "True"
    finally:
        moved.rename(database)


def test_catalogues_are_compiled_without_msgfmt(tmp_path):
    prepare(tmp_path, "-m", "meeting.supervisor.prepare", "catalogues", PATH="/nonexistent")
    for source in ROOT.glob("locale/*/LC_MESSAGES/*.po"):
        assert source.with_suffix(".mo").exists()
