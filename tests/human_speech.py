"""People's voices for tests: the recordings beside the project. Tests skip where they are absent."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import index
from bench.index import Recording

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def folder(name: str) -> Path:
    """The folder `name` of the recordings beside the project; the test is skipped where it is absent."""
    path = SHARED / name
    if not path.is_dir():
        pytest.skip(f"people's recordings are not there: no folder {name} in ../shared/data")
    return path


def recordings(name: str) -> list[Recording]:
    """Those that a folder's index lists."""
    return index.read(folder(name) / "index.json")
