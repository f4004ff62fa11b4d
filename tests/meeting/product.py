"""The whole product as its users start it: `python manage.py serve`, in a folder of its own."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0  # seconds
OWN_SETTINGS = (
    "DJANGO_SETTINGS_MODULE",
    "REDIS_URL",
    "SPEECH_URL",
    "SPEECH_TOKEN",
    "DATABASE_URL",
    "LOG_DIR",
    "HOST",
    "ALLOWED_HOSTS",
    "HTTPS",
    "HTTPS_CERT",
    "HTTPS_KEY",
    "PROXY_HEADERS",
    "DEBUG",
    "LIBRE_URL",
    "OPENAI_BASE_URL",
    "WEB_PROCESSES",
    "WEB_NAME",
)


class Product:
    """One running `serve`: what it printed, who its children are."""

    def __init__(self, data: Path, *words: str, before: Sequence[str] = (), **environment: str) -> None:
        """`words` are given to `serve`, `before` is put in front of it (to start it elsewhere)."""
        self.data = data
        self.lines: list[str] = []
        kept = {name: value for name, value in os.environ.items() if name not in OWN_SETTINGS}
        settings = {"PORT": "0", "WHISPER_MODEL": "demo", "TRANSLATOR": "off", "DATA_DIR": str(data)}
        self.process = subprocess.Popen(
            [*before, sys.executable, "manage.py", "serve", *words],
            cwd=ROOT,
            env={**kept, **settings, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        self.lines.extend(line.rstrip("\n") for line in self.process.stdout)

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    @property
    def address(self) -> str:
        said = self.wait_for_line("Listening on ")
        return said.removeprefix("Listening on ")

    def wait_for_line(self, start: str, seconds: float = 120) -> str:
        """The first line that begins so."""
        found: list[str] = []

        def there() -> bool:
            found[:] = [line for line in self.lines if line.startswith(start)]
            return bool(found) or self.process.poll() is not None

        until(there, seconds, lambda: f"no line {start!r} in:\n{self.output}")
        assert found, f"ended with {self.process.returncode} before saying {start!r}:\n{self.output}"
        return found[0]

    def child(self, module: str) -> int:
        """The process that runs `python -m MODULE` for this product, once there is one."""
        until(lambda: bool(self.children(module)), 60, lambda: f"no {module} among the children:\n{self.output}")
        return self.children(module)[0]

    def children(self, module: str) -> list[int]:
        """The processes that run `python -m MODULE` for this product now."""
        return sorted(pid for pid in descendants(self.process.pid) if f"-m {module} " in command(pid))

    def redis(self) -> int:
        """The redis-server of this product, once there is one."""
        found: list[int] = []

        def there() -> bool:
            found[:] = [pid for pid in descendants(self.process.pid) if _program(pid) == "redis-server"]
            return bool(found)

        until(there, 20, lambda: f"no redis-server among the children:\n{self.output}")
        return found[0]

    def answers(self, path: str = "/livez") -> bool:
        """Whether the web process answers 200."""
        try:
            with urllib.request.urlopen(self.address + path, timeout=5) as reply:
                return bool(reply.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def end(self, seconds: float = 45) -> int:
        """Ask it to end; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(seconds)
        self._reader.join(5)
        return status


@contextlib.contextmanager
def serving(data: Path, *words: str, before: Sequence[str] = (), **environment: str) -> Iterator[Product]:
    """A product that is gone afterwards, with everything it started."""
    product = Product(data, *words, before=before, **environment)
    family: set[int] = set()
    try:
        yield product
    finally:
        family = descendants(product.process.pid)
        if product.process.poll() is None:
            product.end()
        for pid in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def descendants(ancestor: int) -> set[int]:
    """Every living process below this one."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                parents[int(stat.parent.name)] = int(parent)
    found = {ancestor}
    while True:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        if not more:
            return found - {ancestor}
        found |= more


def command(pid: int) -> str:
    """A process's command line; empty once it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _program(pid: int) -> str:
    return Path(command(pid).partition(" ")[0]).name


def alive(pid: int) -> bool:
    """Whether a process is there and not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(true: Callable[[], bool], seconds: float, what: Callable[[], str]) -> None:
    """Wait for something to become true: so many seconds, and as many more as a busy machine may need."""
    deadline = time.monotonic() + seconds + PATIENCE
    while not true():
        assert time.monotonic() < deadline, what()
        time.sleep(0.05)
