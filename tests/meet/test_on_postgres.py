"""The same tests on PostgreSQL: what holds on SQLite by its one lock holds there by rows, constraints and order."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests import postgres

HERE = Path(__file__).parent
# conditional updates, leases, constraints, who waits for whom: always; the rest with the long ones
FIRST = (
    "clips/test_clips.py",
    "rooms/test_meetings.py",
    "rooms/test_presence.py",
    "rooms/test_active_speakers.py",
)
# these start a product of their own, with its own database, or ask none
ELSEWHERE = (
    "socket/test_bad_input.py",
    "clips/test_full_disk.py",
    "socket/test_any_sequence.py",
    "record/test_mixing_worker.py",
    "test_checks.py",
    "clips/test_flac_worker.py",
    "test_simulation.py",
    "translation/test_providers.py",
)


def run_on_postgres(arguments: Sequence[str]) -> None:
    """Pytest in a process of its own, as a settings module is read once; what it says where it fails."""
    with postgres.serving() as address:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-m", "not long and not gpu", "-p", "no:cacheprovider", *arguments],
            cwd=HERE.parents[1],
            env={**os.environ, "TEST_DATABASE_URL": address},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, f"{done.stdout[-12_000:]}\n{done.stderr[-4000:]}"


@pytest.mark.timeout(300)
def test_rows_are_leased_counted_and_constrained_on_postgres_too():
    run_on_postgres([str(HERE / name) for name in FIRST])


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_everything_about_meetings_holds_on_postgres_too():
    done = [f"--ignore={HERE / name}" for name in (*FIRST, *ELSEWHERE, Path(__file__).name)]
    run_on_postgres([str(HERE), *done])
