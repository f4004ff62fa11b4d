"""What the code imports is pinned: a package that only happens to be installed is missing on the next machine."""

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = {"meeting", "meet", "speech", "tests", "tools", "bench"}


def pinned(name: str) -> set[str]:
    """The distributions that a requirements file names, each with its exact version."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    entries = [line.split("#")[0].strip() for line in lines]
    wanted = [entry for entry in entries if entry and not entry.startswith("-r ")]
    assert [entry for entry in wanted if "==" not in entry] == [], "every requirement has an exact version"
    return {normal(re.split(r"[\[=]", entry)[0]) for entry in wanted}


def normal(name: str) -> str:
    """A distribution's name as PyPI compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(folder: str) -> set[str]:
    """The top-level packages that a folder's files import, the standard library's and ours left out."""
    found: set[str] = set()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {name.name.partition(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - OURS


def unpinned(folder: str, *files: str) -> set[str]:
    """What a folder imports that none of these files names."""
    known = set().union(*map(pinned, files))
    distributions = packages_distributions()
    return {
        package
        for package in imported(folder)
        if not {normal(name) for name in distributions.get(package, [package])} & known
    }


@pytest.mark.parametrize("folder", ["meeting", "meet"])
def test_what_the_product_imports_is_in_requirements(folder):
    assert unpinned(folder, "requirements.txt") == set()


def test_what_the_speech_side_imports_is_there_or_comes_with_the_engine_that_is_optional():
    optional = {"ctranslate2", "faster_whisper", "tokenizers"}
    assert unpinned("speech", "requirements.txt") == optional
    assert unpinned("speech", "requirements.txt", "requirements-faster-whisper.txt") == set()


@pytest.mark.parametrize("folder", ["tests", "bench", "tools"])
def test_what_tests_and_tools_import_is_in_one_of_the_two(folder):
    assert unpinned(folder, "requirements.txt", "requirements-faster-whisper.txt", "requirements-dev.txt") == set()


def test_torch_is_the_version_that_the_first_users_asked_for():
    assert "torch==2.13.0" in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
