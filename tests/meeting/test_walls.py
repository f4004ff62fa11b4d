"""The walls that import-linter cannot express: who may import which part of a package."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEARD_ALONE = {"speech.codec", "speech.gate", "speech.segmenter"}


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


def test_meet_uses_only_the_three_modules_of_speech_that_load_no_model():
    strangers = {
        (file, name)
        for file, name in imported("meet")
        if name.split(".")[0] == "speech" and ".".join(name.split(".")[:2]) not in HEARD_ALONE
    }
    assert strangers == set()


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
