"""The decoder process: what strangers sent becomes a FLAC file."""

import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from meet.clips import flac_worker
from tests.meeting.product import alive, until
from tests.sentences import sentences

SENTENCE = sentences("en")[0]


def test_what_is_kept_is_what_is_written(tmp_path):
    source, rate = soundfile.read(SENTENCE.path, dtype="float32")
    target = tmp_path / "clips" / "a.flac"
    assert flac_worker.write_flac(SENTENCE.path.read_bytes(), 500, 1500, target) == 1000
    kept, kept_rate = soundfile.read(target, dtype="float32")
    assert kept_rate == 16_000
    np.testing.assert_allclose(kept, source[rate // 2 : rate * 3 // 2], atol=1e-3)
    assert [path.name for path in target.parent.iterdir()] == ["a.flac"]


@pytest.mark.parametrize("data", [b"", b"rubbish" * 99, b"\x1aE\xdf\xa3"])
def test_what_cannot_be_decoded_leaves_no_file(tmp_path, data):
    assert flac_worker.write_flac(data, 0, None, tmp_path / "a.flac") is None
    assert list(tmp_path.iterdir()) == []


def test_a_killed_parent_leaves_no_decoder_behind(tmp_path):
    program = """
import multiprocessing, sys, time
from concurrent.futures import ProcessPoolExecutor
from meet.clips import flac_worker
if __name__ == "__main__":
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(1, mp_context=spawn, initializer=flac_worker.end_with_parent)
    pool.submit(flac_worker.ready).result()
    print(*pool._processes, flush=True)
    time.sleep(60)
"""
    script = tmp_path / "parent.py"
    script.write_text(program)
    env = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env=env) as parent:
        child = int(parent.stdout.readline())
        assert alive(child)
        parent.send_signal(signal.SIGKILL)
    until(lambda: not alive(child), 10, lambda: "the decoder outlived its parent")


def test_without_a_parent_there_is_nothing_to_watch():
    assert multiprocessing.parent_process() is None
    flac_worker.end_with_parent()
