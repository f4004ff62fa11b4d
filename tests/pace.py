"""How much slower than a quiet machine this one is at the moment: what a limit in seconds is judged by.

The product's limits hold for two cores with nothing else on them. Tests run where others may work too, so beside what
is measured stands what a fixed piece of work of the same kind (Python starting, importing) takes at that moment.
"""

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Work:
    """A fixed piece of work, and how long so many at once take on two quiet cores with its files cached."""

    code: str
    quiet_seconds: float
    at_once: int


# 0.97 s of processor time each, on a server of 2.6 GHz
PYTHON = Work("import asyncio, sqlite3, ssl, channels.layers, django.db.models, httpx, numpy", 1.0, 2)
# what a start mostly waits for: 700 MB of libraries, which some machines drop from memory and read again
LIBRARIES = Work("import torch, whisper", 2.5, 1)
BETWEEN_SECONDS = 20.0  # two looks at a machine on which something long is running


def slowness(at_once: int = 0, work: Work = PYTHON) -> float:
    """How many times longer than on a quiet machine work takes now, never below 1. `at_once`: on so many cores."""
    began = time.monotonic()
    workers = [subprocess.Popen([sys.executable, "-c", work.code]) for _ in range(at_once or work.at_once)]
    for worker in workers:
        assert worker.wait(120) == 0
    return max(1.0, (time.monotonic() - began) / work.quiet_seconds)


@contextmanager
def around(work: Work = PYTHON) -> Iterator[Callable[[], float]]:
    """The machine's slowness before and after what is done within; what it gives says the larger, once that is over."""
    found = [slowness(work=work)]
    yield lambda: max(found)
    found.append(slowness(work=work))


def assert_within(limit: float, measure: Callable[[], float], what: str, times: int = 3, work: Work = PYTHON) -> None:
    """The fastest of so many must keep to a limit (seconds of a quiet machine): others make it slower, never faster.

    Each is judged by the machine's pace around it; no more are made than it takes."""
    took: list[str] = []
    for _ in range(times):
        with around(work) as pace:
            seconds = measure()
        took.append(f"{seconds:.2f} s where a quiet machine has {limit:g}, this one {limit * pace():.2f}")
        if seconds < limit * pace():
            break
    else:
        raise AssertionError(f"{what}: {'; '.join(took)}")
    print(f"\n{what}: {'; '.join(took)}")


class Watch:
    """The machine's slowness all along something that lasts minutes, and itself leaves one core free."""

    def __init__(self) -> None:
        self._seen: list[tuple[float, float]] = []  # Unix seconds, slowness
        self._over = threading.Event()
        self._looking = threading.Thread(target=self._look)

    def __enter__(self) -> "Watch":
        self._looking.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._looking.join()

    def at(self, moment: float) -> float:
        """How slow it was at a moment of Unix time: the slower of the looks before and after."""
        before = [slow for seen, slow in self._seen if seen <= moment][-1:]
        after = [slow for seen, slow in self._seen if seen > moment][:1]
        return max([1.0, *before, *after])

    def __str__(self) -> str:
        slow = sorted(slow for _, slow in self._seen)
        return f"the machine {statistics.median(slow):.1f} times as slow as a quiet one, {slow[-1]:.1f} at worst"

    def _look(self) -> None:
        while True:
            self._seen.append((time.time(), slowness(1)))
            if self._over.wait(BETWEEN_SECONDS):
                return
