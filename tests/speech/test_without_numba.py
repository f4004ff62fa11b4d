"""openai-whisper loaded without numba: as a process of its own does it."""

from __future__ import annotations

import subprocess
import sys

from tests.speech_process import ROOT

LOADED = """
import sys
from speech import config, loading
loading.load(config.read({"WHISPER_MODEL": "demo"}), lambda said: None)
assert "whisper.timing" in sys.modules
assert not {"numba", "llvmlite"} & set(sys.modules), "numba is loaded"
"""
ALIGNS = """
import numpy as np
from speech.without_numba import whisper
whisper()
from whisper.timing import dtw_cpu
assert dtw_cpu(1 - np.eye(4)).tolist() == [[0, 1, 2, 3], [0, 1, 2, 3]]
import numba
assert numba.jit(nopython=True)(lambda a: a + 1)(2) == 3, "who wants it has it"
"""


def run(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_engine_is_loaded_without_it():
    run(LOADED)


def test_its_own_alignment_works_all_the_same():
    run(ALIGNS)
