"""The browser's pure parts, by `node --test`: one pytest test a file of JavaScript tests."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(Path(__file__).parent.rglob("*.test.js")) + sorted(Path(__file__).parent.rglob("*.test.mjs"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(Path(__file__).parent).as_posix())
def test_javascript(file: Path) -> None:
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    node = shutil.which("node", path=places)
    assert node, "node is missing; bin/setup installs it"
    done = subprocess.run([node, "--test", file], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
