"""Import contracts of pyproject.toml: all are kept, and each catches a breach that is planted for it."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("meet", "meeting", "speech")
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
# contract: a module of its source, and an import that it forbids there
BREACHES = {
    "speech runs alone: it knows neither Django nor the web tier": ("speech/server/wire.py", "import django"),
    "meet does not know who serves it": ("meet/health.py", "from meeting import settings"),
    "neither the web tier nor the supervisor loads a model": ("meet/recognition/speech_client.py", "import torch"),
    "clips and captions do not know each other: pipeline introduces them": (
        "meet/record/captions.py",
        "from meet.clips import clips",
    ),
    "consumers and views translate: they ask the nouns, never the tables": (
        "meet/rooms/views.py",
        "from meet.models import Room as Table",
    ),
    "siblings do not import each other in circles": ("speech/audio/levels.py", "from speech.queue import turns"),
}


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages and their contracts where something may be planted."""
    folder = tmp_path_factory.mktemp("copied")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "data"))
    return folder


def broken(folder: Path) -> set[str]:
    """The names of the contracts that are broken there."""
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    environment = {**os.environ, "NO_COLOR": "1", "PYTHONPATH": str(folder)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    names = {one["name"] for one in CONTRACTS}
    found = {name for name in names if f"{name} BROKEN" in done.stdout}
    assert sum(f"{name} {word}" in done.stdout for name in names for word in ("KEPT", "BROKEN")) == len(names), done
    return found


def test_all_contracts_are_kept(copied):
    assert broken(copied) == set()


def test_every_contract_has_a_breach_to_be_tried():
    assert set(BREACHES) == {one["name"] for one in CONTRACTS}


@pytest.mark.parametrize("contract", BREACHES)
def test_a_planted_breach_is_caught(copied, contract):
    file, line = BREACHES[contract]
    path = copied / file
    before = path.read_text(encoding="utf-8")
    path.write_text(f"{before}\n{line}\n", encoding="utf-8")
    try:
        assert contract in broken(copied)
    finally:
        path.write_text(before, encoding="utf-8")
