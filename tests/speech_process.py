"""The speech tier as a process of its own, with the bundled model."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = ("WHISPER_", "HF_ENDPOINT", "SPEECH_", "VAD_", "CLIP_", "LOG_DIR")


@contextlib.contextmanager
def speaking(port: int = 0, **environment: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A speech process that is ready: its address and the process. Gone afterwards."""
    with Speech("--port", str(port), "--stdin-pipe", **environment) as process:
        process.until_ready()
        yield process.address, process.child


class Speech:
    """A running `python -m speech serve`; ends with the block it was opened for. A developer's own settings are not
    its settings: it has those it is given."""

    def __init__(
        self, *arguments: str, run: tuple[str, ...] = ("-m", "speech"), stdin: int = subprocess.PIPE, **environment: str
    ) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}
        passive = {"OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "PASSIVE"}
        token = environment.get("SPEECH_TOKEN")
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.child = subprocess.Popen(
            [sys.executable, *run, "serve", "--port", "0", *(arguments or ("--stdin-pipe",))],
            cwd=ROOT,
            env={**kept, "WHISPER_MODEL": "demo", **passive, **environment},
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

    def until_ready(self, seconds: float = 180) -> dict[str, Any]:
        """What `/health` says once it says 200."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.child.poll() is None:
            with contextlib.suppress(httpx.TransportError):  # a busy machine; it is asked again
                answer = httpx.get(self.address + "/health", headers=self.headers)
                if answer.status_code == httpx.codes.OK:
                    shown: dict[str, Any] = answer.json()
                    return shown
            time.sleep(0.05)
        raise TimeoutError("\n".join(self.said))

    def ended(self, seconds: float = 20) -> int:
        """Its exit status."""
        status = self.child.wait(seconds)
        self._listener.join(5)
        return status

    def __enter__(self) -> "Speech":
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
