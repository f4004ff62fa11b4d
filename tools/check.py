"""Every check of the code as it stands, side by side, a line each: `bin/check`, or `bin/check NAME...`."""

import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PYTHON = sys.executable

CHECKS: dict[str, Sequence[str]] = {  # the slowest first
    "types": [PYTHON, "-m", "mypy"],
    "javascript": ["tsc"],
    "deploy": [PYTHON, "manage.py", "check", "--deploy", "--code-only", "--fail-level", "WARNING"],
    "migrations": [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"],
    "walls": ["lint-imports"],
    "templates": ["djlint", "templates", "--lint", "--check", "--quiet"],
    "format": ["ruff", "format", "--check"],
    "lint": ["ruff", "check"],
}


def environment(folder: str) -> dict[str, str]:
    """Production's settings, with nothing written beside the code."""
    return {
        **os.environ,
        "PATH": os.pathsep.join([str(BIN), str(ROOT / "node_modules" / ".bin"), os.environ.get("PATH", "")]),
        "DJANGO_SETTINGS_MODULE": "meeting.settings",
        "DATA_DIR": folder,
        "DEBUG": "off",
        "HTTPS": "on",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": "meeting.example.org",
        "NO_COLOR": "1",
    }


def run(name: str, folder: str) -> bool:
    """One check; what it wrote is shown where it failed."""
    started = time.monotonic()
    try:
        done = subprocess.run(
            CHECKS[name], cwd=ROOT, env=environment(folder), check=False, capture_output=True, text=True
        )
        passed, wrote = done.returncode == 0, done.stdout + done.stderr
    except FileNotFoundError as error:
        passed, wrote = False, f"{error.filename} is not installed"
    sys.stdout.write(f"{'ok  ' if passed else 'FAIL'} {name:<11}{time.monotonic() - started:5.1f} s\n")
    if not passed:
        sys.stdout.write(wrote.strip() + "\n")
    sys.stdout.flush()
    return passed


def main(names: Sequence[str]) -> int:
    """Run the checks that are named, or all. Returns 1 if one failed, 2 for a name that is none."""
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        sys.stderr.write(f"no such check: {', '.join(unknown)}; there are {', '.join(CHECKS)}\n")
        return 2
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        passed = list(pool.map(lambda name: run(name, folder), names or CHECKS))
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
