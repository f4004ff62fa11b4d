"""What the web tier may import of speech loads no model's libraries, and speech loads no web framework."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.speech_process import ROOT


def _loaded(*modules: str) -> set[str]:
    code = f"import sys, {', '.join(modules)}; print(' '.join(m for m in sys.modules if '.' not in m))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("module", ["speech.codec", "speech.gate", "speech.segmenter"])
def test_what_the_web_tier_imports_loads_no_torch(module):
    assert not _loaded(module) & {"torch", "whisper", "numba"}


def test_decoding_workers_load_no_torch():
    assert not _loaded("speech.intake", "speech.__main__") & {"torch", "whisper", "numba"}


def test_speech_loads_no_web_tier():
    assert not _loaded("speech.serving", "speech.engines.whisper") & {"django", "channels", "meet", "meeting"}
