"""What the web tier may import of speech loads no model's libraries, and speech loads no web framework."""

from __future__ import annotations

import subprocess
import sys

from tests.speech_process import ROOT


def _loaded(*modules: str) -> set[str]:
    code = f"import sys, {', '.join(modules)}; print(' '.join(m for m in sys.modules if '.' not in m))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_audio_which_the_web_tier_imports_too_loads_no_torch():
    modules = [f"speech.audio.{path.stem}" for path in (ROOT / "speech" / "audio").glob("[!_]*.py")]
    assert "speech.audio.decode_pool" in modules
    assert not _loaded(*modules, "speech.__main__") & {"torch", "whisper", "numba"}


def test_speech_loads_no_web_tier():
    assert not _loaded("speech.server.process", "speech.engines.whisper") & {"django", "channels", "meet", "meeting"}
