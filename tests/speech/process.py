"""The speech tier as a process of its own, as `serve` starts it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]


class Speech:
    """A running `python -m speech serve`; ends with the block it was opened for."""

    def __init__(self, *arguments: str, stdin: int | None = subprocess.PIPE, **environment: str) -> None:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("WHISPER_", "SPEECH_", "VAD_", "CLIP_"))}
        self.child = subprocess.Popen(
            [sys.executable, "-m", "speech", "serve", "--port", "0", *(arguments or ("--stdin-pipe",))],
            cwd=ROOT,
            env={**kept, "WHISPER_MODEL": "demo", "OMP_NUM_THREADS": "2", **environment},
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.said: list[str] = []  # lines of standard error
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        line = self.child.stdout.readline() if self.child.stdout else ""
        self.address = line.removeprefix("Speech listening on ").strip()

    def until_ready(self, seconds: float = 60) -> dict[str, Any]:
        """What `/health` says once it says 200."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            answer = httpx.get(self.address + "/health", headers=self.headers)
            if answer.status_code == 200:
                shown: dict[str, Any] = answer.json()
                return shown
            time.sleep(0.05)
        raise TimeoutError("\n".join(self.said))

    headers: dict[str, str] = {}  # noqa: RUF012 - set by a test that has a token

    def ended(self, seconds: float = 20) -> int:
        """Its exit status."""
        status = self.child.wait(seconds)
        self._listener.join(5)
        return status

    def __enter__(self) -> Speech:
        return self

    def __exit__(self, *_: object) -> None:
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait(10)
        for pipe in (self.child.stdin, self.child.stdout):
            if pipe:
                pipe.close()

    def _listen(self) -> None:
        for line in self.child.stderr or ():
            self.said.append(line.rstrip())
