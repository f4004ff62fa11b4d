"""Web processes side by side, as several machines would run them: no supervisor brings one back."""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from meeting.supervisor.child_process import READY
from tests.meeting.product import OWN_SETTINGS, ROOT, until
from tests.redis_server import free_port


class Web:
    """One running `python -m meeting.web`."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "meeting.web", "--stdin-pipe"],
            cwd=ROOT,
            env={**environment, "PORT": str(self.port)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        threading.Thread(target=self._read, daemon=True).start()

    def until_ready(self) -> None:
        """Wait until it can be spoken to."""
        until(lambda: any(line.startswith(READY) for line in self.lines), 60, lambda: "\n".join(self.lines))

    def _read(self) -> None:
        self.lines.extend(line.rstrip("\n") for line in self.process.stdout or ())


def environment(data: Path, **settings: str) -> dict[str, str]:
    """What such a process is started with: a developer's own settings are not its settings."""
    kept = {name: value for name, value in os.environ.items() if name not in OWN_SETTINGS}
    return {**kept, "TRANSLATOR": "off", "DATA_DIR": str(data), **settings}


def prepare(environment: Mapping[str, str]) -> None:
    """Tables, catalogues and static files, as `serve` makes them before its first child."""
    subprocess.run([sys.executable, "-m", "meeting.supervisor.prepare"], cwd=ROOT, env=environment, check=True)


@contextlib.contextmanager
def side_by_side(environment: Mapping[str, str], count: int = 2) -> Iterator[list[Web]]:
    """So many of them, ready; gone afterwards."""
    webs = [Web(environment) for _ in range(count)]
    try:
        for web in webs:
            web.until_ready()
        yield webs
    finally:
        for web in webs:
            web.process.kill()
        for web in webs:
            web.process.wait(10)
