"""Two hundred people in one room: everybody sees everybody, and everybody reads at once what somebody says."""

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any

import pytest
import redis

from tests.meet.guest import Guest
from tests.meeting.product import ROOT, serving, until
from tests.meeting.test_processes import speak
from tests.pace import around

PEOPLE = 200
COME_S = 9.0  # they come one after another, the last of them with a second left
JOINED_S = 10.0
SEEN_S = JOINED_S + 1.5  # a full room is told of comings within a second
P95_MS = 300.0
CAPTIONS = 5
CAPTION = re.compile(rb'"type":"caption".*?"clip":"([0-9a-f-]{36})"')


class Layer:
    """What goes through the channel layer: the moment each caption left the server, seen from outside."""

    def __init__(self, path: Path) -> None:
        self.left: dict[str, float] = {}  # clip to Unix seconds
        self._wire = redis.Redis(unix_socket_path=str(path)).pubsub()
        self._wire.psubscribe("*")
        self._over = threading.Event()
        self._listener = threading.Thread(target=self._listen)

    def __enter__(self) -> "Layer":
        self._listener.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._listener.join()
        self._wire.close()

    def _listen(self) -> None:
        while not self._over.is_set():
            message = self._wire.get_message(ignore_subscribe_messages=True, timeout=0.2)
            now = time.time()
            caption = message and CAPTION.search(message["data"])
            if caption:
                self.left.setdefault(caption[1].decode(), now)


class Crowd:
    """People who look on, in a process of their own."""

    def __init__(self, url: str, slug: str, size: int, within: float) -> None:
        how = ("--viewers", str(size), "--within", str(within), "--already", "1")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "meet.simulation.crowd", url, slug, *how],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def says(self) -> dict[str, Any]:
        """Its next line."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the crowd fell over; its reason is above"
        found: dict[str, Any] = json.loads(line)
        return found

    def saw(self, captions: int) -> dict[str, Any]:
        """When each of them saw so many captions, their last line."""
        assert self._process.stdin
        self._process.stdin.write(f"{captions}\n")
        self._process.stdin.flush()
        return self.says()

    def gone(self) -> None:
        self._process.kill()
        self._process.wait(10)


@contextmanager
def crowd(url: str, slug: str, size: int, within: float) -> Iterator[Crowd]:
    here = Crowd(url, slug, size, within)
    try:
        yield here
    finally:
        here.gone()


@dataclass(frozen=True)
class Seen:
    """How two hundred came and read, each figure with what it may be at the machine's pace then."""

    joined: float  # seconds
    everybody: float
    lags: list[float]  # ms from server to client, a caption and person
    pace: float

    @property
    def p95(self) -> float:
        return quantiles(self.lags, n=100)[94]

    @property
    def in_time(self) -> bool:
        in_good_time = self.joined < COME_S + (JOINED_S - COME_S) * self.pace and self.p95 < P95_MS * self.pace
        return in_good_time and self.everybody < COME_S + (SEEN_S - COME_S) * self.pace

    def __str__(self) -> str:
        return (
            f"all joined after {self.joined:.1f} s, everybody saw everybody after {self.everybody:.1f} s; a caption "
            f"from server to client: P50 {quantiles(self.lags, n=100)[49]:.0f} ms, P95 {self.p95:.0f} ms; the machine "
            f"{self.pace:.1f} times as slow as a quiet one"
        )


@pytest.mark.long
@pytest.mark.alone
@pytest.mark.timeout(600)
@pytest.mark.parametrize("processes", ["1", "2"])
async def test_200_people_come_within_10_s_see_each_other_and_read_a_caption_within_300_ms(tmp_path, processes):
    """The fastest of three must be in time: others make it slower, never faster. Nobody may be missing in any."""
    tried: list[Seen] = []
    while len(tried) < 3 and not any(one.in_time for one in tried):
        tried.append(await crowded(tmp_path / str(len(tried)), processes))
        print(f"{processes} web: {tried[-1]}")
    assert any(one.in_time for one in tried), [str(one) for one in tried]


async def crowded(folder: Path, processes: str) -> Seen:
    """Two hundred come into one room, and read what one of them says."""
    with around() as pace, serving(folder, WEB_PROCESSES=processes) as product:
        until(lambda: product.answers("/healthz"), 120, lambda: product.output)
        alice = Guest(product.address, "Alice")
        slug = await alice.make_room("Weekly")
        await alice.join(slug)
        redis_socket = folder / "run" / "redis.sock"
        with Layer(redis_socket) as layer, crowd(product.address, slug, PEOPLE, COME_S) as viewers:
            came = viewers.says()
            assert came["complete"], came
            assert came["ended"] == []
            assert came["members"] == [PEOPLE + 1]
            for _ in range(CAPTIONS):
                clip = await speak(alice)
                await alice.hears("caption", clip=str(clip), seconds=60)
            seen = viewers.saw(CAPTIONS)["captions"]
        await alice.leave()
    lags = sorted((at - layer.left[clip]) * 1000 for captions in seen for clip, at in captions.items())
    assert len(lags) == PEOPLE * CAPTIONS
    return Seen(came["joined_s"], came["everybody_s"], lags, pace())
