"""The real speech process with the bundled model, for tests that need words."""

import contextlib
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@contextlib.contextmanager
def speaking(port: int = 0, **environment: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A speech process that is ready: its address and the process. Gone afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", "speech", "serve", "--port", str(port), "--stdin-pipe"],
        cwd=ROOT,
        env={**os.environ, "WHISPER_MODEL": "demo", "OMP_WAIT_POLICY": "PASSIVE", **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        address = process.stdout.readline().strip().removeprefix("Speech listening on ")
        _wait_until_ready(urllib.request.Request(f"{address}/health", headers=_bearer(environment)))
        yield address, process
    finally:
        process.kill()
        process.wait()


def _bearer(environment: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {environment['SPEECH_TOKEN']}"} if "SPEECH_TOKEN" in environment else {}


def _wait_until_ready(health: urllib.request.Request, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(health, timeout=2):
            return
        time.sleep(0.1)
    raise TimeoutError(f"{health.full_url} did not answer 200 within {seconds:g} s")
