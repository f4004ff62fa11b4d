"""A crowd in one room: many who look on, in one cheap event loop, and the moment each of them saw what.

`python -m meet.simulation.crowd` is one in a process of its own; it knows no Django and parses next to nothing."""

import argparse
import asyncio
import contextlib
import json
import re
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from meet.simulation.person import JoinFailed

DOORS = 16  # who fetch pages at the same time: a browser's requests wait for nobody else's
PATIENCE_SECONDS = 60.0
SEEN_EVERY = 16  # durable events, as the room's page does


@dataclass
class Viewer:
    """Somebody who looks on. Times in Unix seconds."""

    name: str
    welcomed: float = 0.0
    members: int = 0  # in the list they saw last
    everybody: float = 0.0  # when that list grew to its length
    captions: dict[str, float] = field(default_factory=dict)
    unseen: int = 0
    ended: str = ""  # how the socket ended, once it has


class Crowd:
    """So many viewers of one room of one server."""

    def __init__(self, url: str, slug: str, size: int) -> None:
        self._url = url.rstrip("/")
        self._slug = slug
        self.viewers = [Viewer(f"Viewer {number + 1}") for number in range(size)]
        self._doors = ThreadPoolExecutor(DOORS, thread_name_prefix="door")
        self._sockets: list[ClientConnection] = []
        self._listeners: list[asyncio.Task[None]] = []

    async def join(self, within: float) -> None:
        """Let everybody in, one after another at even times within so many seconds. Raises JoinFailed, OSError."""
        began, pause = time.monotonic(), within / len(self.viewers)
        async with asyncio.TaskGroup() as joining:
            for number, viewer in enumerate(self.viewers):
                await asyncio.sleep(max(0.0, began + number * pause - time.monotonic()))
                joining.create_task(self._let_in(viewer))

    async def until(self, true: Callable[[Viewer], bool], seconds: float = PATIENCE_SECONDS) -> bool:
        """Whether something became true for everybody within `seconds`."""
        deadline = time.monotonic() + seconds
        while not all(map(true, self.viewers)):
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.02)
        return True

    async def leave(self) -> None:
        """Everybody closes their socket."""
        await asyncio.gather(*(socket.close() for socket in self._sockets))
        await asyncio.gather(*self._listeners)
        self._doors.shutdown()

    async def _let_in(self, viewer: Viewer) -> None:
        loop = asyncio.get_running_loop()
        cookie = await loop.run_in_executor(self._doors, _join, self._url, self._slug, viewer.name)
        address = self._url.replace("http", "ws", 1) + f"/ws/rooms/{self._slug}/"
        headers = {"Cookie": cookie, "Origin": self._url}
        socket = await connect(address, additional_headers=headers, compression=None, max_size=None, ping_interval=None)
        self._sockets.append(socket)
        self._listeners.append(asyncio.create_task(self._listen(viewer, socket)))

    async def _listen(self, viewer: Viewer, socket: ClientConnection) -> None:
        async for frame in socket:
            self._take(viewer, str(frame), time.time())
            if viewer.unseen >= SEEN_EVERY:
                viewer.unseen = 0
                with contextlib.suppress(ConnectionClosed):  # who leaves at that moment need not say it any more
                    await socket.send('{"type":"seen","seq":0}')
        viewer.ended = f"{socket.close_code} {socket.close_reason}".strip()

    def _take(self, viewer: Viewer, frame: str, now: float) -> None:
        if frame.startswith('{"type":"members"'):
            count = _count(frame)
            if count != viewer.members:
                viewer.members, viewer.everybody = count, now
        elif frame.startswith('{"type":"welcome"'):
            viewer.welcomed = now
        elif '"seq":' in frame[:100]:
            viewer.unseen += 1
            if frame.startswith('{"type":"caption"'):
                viewer.captions.setdefault(str(json.loads(frame)["clip"]), now)


@lru_cache(maxsize=64)
def _count(members: str) -> int:
    """How many there are in a list; everybody gets the same text."""
    return len(json.loads(members)["members"])


def _join(url: str, slug: str, name: str) -> str:
    """Join as a browser does, over one connection of one's own; the session's cookie. Raises JoinFailed, OSError."""
    parts = urlsplit(url)
    wire = HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE_SECONDS)
    cookies: dict[str, str] = {}

    def ask(method: str, path: str, body: str = "") -> str:
        headers = {"Cookie": "; ".join(f"{key}={value}" for key, value in cookies.items()), "Referer": url}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        wire.request(method, path, body, headers)
        answer = wire.getresponse()
        page = answer.read().decode()
        if answer.status not in (200, 302):
            raise JoinFailed(f"{path} answered {answer.status}")
        for header in answer.headers.get_all("Set-Cookie", []):
            key, _equals, value = header.partition(";")[0].partition("=")
            cookies[key] = value
        return page

    page = ask("GET", f"/rooms/{slug}/")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    if token is None:
        raise JoinFailed(f"room {slug} shows no way in")
    ask("POST", f"/rooms/{slug}/join/", urlencode({"name": name, "csrfmiddlewaretoken": token[1]}))
    ask("GET", f"/rooms/{slug}/")
    wire.close()
    return "; ".join(f"{key}={value}" for key, value in cookies.items())


async def _stand_by(arguments: argparse.Namespace) -> None:
    """Join and say so in a line of JSON; when as many captions came a line of input asks for, say when in another."""
    crowd = Crowd(arguments.url, arguments.room, arguments.viewers)
    began = time.time()
    await crowd.join(arguments.within)
    complete = await crowd.until(lambda viewer: viewer.members >= arguments.viewers + arguments.already)
    _say(
        complete=complete,
        joined_s=max(viewer.welcomed for viewer in crowd.viewers) - began,
        everybody_s=max(viewer.everybody for viewer in crowd.viewers) - began,
        members=sorted({viewer.members for viewer in crowd.viewers}),
        ended=[f"{viewer.name}: {viewer.ended}" for viewer in crowd.viewers if viewer.ended],
    )
    captions = int(await asyncio.to_thread(sys.stdin.readline) or 0)
    await crowd.until(lambda viewer: len(viewer.captions) >= captions)
    _say(captions=[viewer.captions for viewer in crowd.viewers])
    await crowd.leave()


def _say(**facts: object) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Run one crowd."""
    parser = argparse.ArgumentParser(prog="python -m meet.simulation.crowd", description=__doc__)
    parser.add_argument("url")
    parser.add_argument("room", help="its address' last part")
    parser.add_argument("--viewers", type=int, default=200)
    parser.add_argument("--within", type=float, default=10.0, help="seconds in which they all come")
    parser.add_argument("--already", type=int, default=0, help="how many are there before them")
    asyncio.run(_stand_by(parser.parse_args()))


if __name__ == "__main__":
    main()
