"""The walls that import-linter cannot express: who may import which part of a package."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def imported(package: str) -> Iterator[tuple[str, str]]:
    """Every file of a package with every dotted name it imports."""
    for path in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                for name in node.names:
                    yield path.relative_to(ROOT).as_posix(), name.name
            elif isinstance(node, ast.ImportFrom) and node.module:
                for name in node.names:
                    yield path.relative_to(ROOT).as_posix(), f"{node.module}.{name.name}"


@pytest.mark.parametrize("package", ["meet", "meeting", "speech/audio"])
def test_of_speech_only_audio_is_imported_by(package):
    beyond = {
        (file, name)
        for file, name in imported(package)
        if name.split(".")[0] == "speech" and name.split(".")[:2] != ["speech", "audio"]
    }
    assert beyond == set()


def test_only_broadcast_talks_to_the_channel_layer():
    assert {file for file, name in imported("meet") if name.startswith("channels.layers")} <= {"meet/broadcast.py"}


def test_only_settings_read_the_environment():
    readers = {
        path.relative_to(ROOT).as_posix()
        for package in ("meet", "speech")
        for path in (ROOT / package).rglob("*.py")
        if "os.environ" in path.read_text(encoding="utf-8") or "os.getenv" in path.read_text(encoding="utf-8")
    }
    # loading looks whether OpenMP has been told its threads, which is OpenMP's own variable
    assert readers <= {"speech/__main__.py", "speech/loading.py"}
