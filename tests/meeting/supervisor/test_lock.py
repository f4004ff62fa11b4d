"""The lock of a DATA_DIR."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from meeting.supervisor import lock

HOLD = """
import sys, time
from pathlib import Path
from meeting.supervisor import lock
held = lock.take(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path):
    """Another process that has the lock."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / "lock")], stdout=subprocess.PIPE)
    assert process.stdout
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.wait()


def test_a_lock_that_another_process_has_is_refused_with_its_id(tmp_path, holder):
    with pytest.raises(lock.HeldLock) as refusal:
        lock.take(tmp_path / "lock")
    assert refusal.value.holder == str(holder.pid)


def test_a_killed_process_leaves_no_lock_behind(tmp_path, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    lock.take(tmp_path / "lock").close()


def test_a_lock_given_back_can_be_taken_again(tmp_path):
    lock.take(tmp_path / "lock").close()
    lock.take(tmp_path / "lock").close()
