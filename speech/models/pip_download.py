"""A wheel fetched by pip from whatever package index pip is set to; nothing of it is installed or run.

pip checks the wheel against the pinned SHA-256. pip alone would wait for every index and every retry in turn, so its
output and its files are watched: a process that waits for an answer, or whose download does not grow, is ended.
"""

from __future__ import annotations

import contextlib
import errno
import os
import queue
import re
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from speech.models.source import ANSWER_SECONDS, Progress, SourceFailed

PROCESS = Path(__file__).with_name("pip_process.py")
START_SECONDS = 60.0  # for Python and pip to load, on a slow disk
STALL_SECONDS = 15.0  # without another byte
POLL_SECONDS = 0.1
JOIN_SECONDS = 2.0  # for the last lines of a pip that has ended
RAISED = re.compile(r"[\w.]+(Error|Timeout|Exception): ")  # the last line of a traceback, which tells more than pip
TIMED_OUT = ("ReadTimeoutError", "ConnectTimeoutError", "timed out")  # in pip's lines about a retry


@dataclass(frozen=True)
class Wheel:
    """A wheel of the package index, pinned."""

    file: str
    package: str
    version: str
    sha256: str
    size: int  # bytes


@dataclass(frozen=True)
class Patience:
    """How long pip may be silent. Seconds."""

    start: float = START_SECONDS
    answer: float = ANSWER_SECONDS
    stall: float = STALL_SECONDS


DEFAULT = Patience()


def download(wheel: Wheel, folder: Path, progress: Progress, patience: Patience = DEFAULT) -> Path:
    """The wheel in `folder`, whole by its hash. Raises `SourceFailed`, `OSError`."""
    scratch = folder / "pip"
    shutil.rmtree(scratch, ignore_errors=True)  # of a fetch that was killed
    (scratch / "out").mkdir(parents=True)
    try:
        with _Pip(wheel, scratch, patience) as pip:
            pip.wait(progress)
        try:
            return (scratch / "out" / wheel.file).replace(folder / wheel.file)
        except FileNotFoundError as error:
            if shutil.disk_usage(folder).free < wheel.size:  # pip may end well and leave nothing where there is no room
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
            raise SourceFailed(f"pip did not leave {wheel.file} where it was told to") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


class _Pip:
    """A running pip. Killed at the end of its block, should it still run."""

    def __init__(self, wheel: Wheel, scratch: Path, patience: Patience) -> None:
        self._wheel, self._scratch, self._patience = wheel, scratch, patience
        self._lines: queue.Queue[str] = queue.Queue()
        self._errors: list[str] = []
        self._allowed = patience.start  # seconds of silence
        wanted = scratch / "wanted.txt"
        wanted.write_text(f"{wheel.package}=={wheel.version} --hash=sha256:{wheel.sha256}\n", encoding="utf-8")
        self._child = subprocess.Popen(  # noqa: S603 - our own interpreter, pinned arguments
            [
                sys.executable,
                "-P",
                "-X",
                "utf8",
                PROCESS,
                scratch,
                *_arguments(wanted, scratch / "out", patience.answer),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> _Pip:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.kill()
        self._child.wait()
        self._reader.join(JOIN_SECONDS)
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe:
                pipe.close()

    def wait(self, progress: Progress) -> None:
        """Return when the wheel is there. Raises `SourceFailed`."""
        here, heard = 0, time.monotonic()
        while self._child.poll() is None:
            grown = max(here, self._bytes_here())
            if self._listened() or grown > here:
                heard = time.monotonic()
            if grown > here:
                self._allowed = self._patience.stall
                progress.show(grown)
            here = grown
            if time.monotonic() - heard > self._allowed:
                raise SourceFailed(self._silence(here))
        self._reader.join(JOIN_SECONDS)
        self._listened()
        if self._child.returncode:
            raise SourceFailed(self._errors[-1] if self._errors else f"pip ended with status {self._child.returncode}")
        progress.show(self._wheel.size)

    def _listened(self) -> bool:
        """Wait a moment for pip's next line, and read what else it wrote; whether there was a line. Raises
        `SourceFailed` where pip says that an index did not answer."""
        try:
            lines = [self._lines.get(timeout=POLL_SECONDS)]
        except queue.Empty:
            return False
        while not self._lines.empty():
            lines.append(self._lines.get_nowait())
        for line in map(str.strip, lines):
            if "No space left on device" in line or "Errno 28" in line:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            if "DO NOT MATCH THE HASHES" in line:
                raise SourceFailed(f"{self._wheel.file} has another hash than the pinned one")
            if line.startswith("ERROR: ") or RAISED.match(line):
                self._errors.append(line.removeprefix("ERROR: ")[:300])
            elif "Retrying (" in line and any(sign in line for sign in TIMED_OUT):
                raise SourceFailed(self._silence(0))
            # pip says when it begins to wait; when it does something else, it is the machine that is slow
            asking = line.startswith("Starting new HTTP")
            self._allowed = self._patience.answer if asking else max(self._patience.stall, self._patience.answer)
        return True

    def _silence(self, here: int) -> str:
        if here:
            return f"the download of {self._wheel.file} stopped after {here >> 20} MB"
        return f"the package index did not answer within {self._patience.answer:g} s"

    def _bytes_here(self) -> int:
        """How much of the wheel there is, where pip unpacks or where it leaves it."""
        sizes = [0]
        for folder, _folders, files in os.walk(self._scratch):  # passes over a folder that pip removes at this moment
            if self._wheel.file in files:
                with contextlib.suppress(FileNotFoundError):  # moved at this moment
                    sizes.append(Path(folder, self._wheel.file).stat().st_size)
        return max(sizes)

    def _read(self) -> None:
        for line in self._child.stdout or ():
            self._lines.put(line)


def _arguments(wanted: Path, out: Path, seconds: float) -> list[str]:
    return [
        "download", "-vv", "--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", str(wanted),
        "--dest", str(out), "--timeout", f"{seconds:g}", "--retries", "1", "--no-cache-dir", "--progress-bar", "off",
        "--no-input", "--disable-pip-version-check", "--no-color",
    ]  # fmt: skip
