"""A browser that was offline for long sends what it kept as fast as it is acknowledged, and is never taken for a flood.

The page's own modules run in Node on a real socket of the real product; nothing but acknowledgements slows them down.
"""

import asyncio
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from meet.events import IN_FLIGHT_BYTES
from meet.simulation.person import Person
from meet.socket import flood_limit
from tests.meeting.product import serving, until

HALF_AN_HOUR = {"clips": 90, "chunks": 80, "bytes": 1000}  # clips of 20 s at 32 kbit/s, a chunk every 250 ms
FULL_JOURNAL = {"clips": 320, "chunks": 4, "bytes": 50_000}  # 64 MB: journal.js keeps no more
PATIENCE = 240  # seconds


class Speaker(Person):
    """Somebody who has joined, for the sake of their cookies."""

    def cookies(self) -> str:
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._http.cookies.jar)


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    """The product, its web process ready: nothing here waits for captions."""
    with serving(tmp_path_factory.mktemp("product")) as running:
        until(lambda: running.answers("/livez"), 90, lambda: running.output)
        yield running


async def replayed(product, **what: int) -> dict[str, object]:
    """What the server said to a browser that sends so much."""
    speaker = Speaker(product.address, "Speaker", lambda *_: None)
    slug = await speaker.make_room("Away for long")
    await speaker.join(slug)
    address = product.address.replace("http", "ws", 1) + f"/ws/rooms/{slug}/"
    headers = {"Cookie": speaker.cookies(), "Origin": product.address}
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    node = shutil.which("node", path=places)
    assert node, "node is missing; bin/setup installs it"
    script = Path(__file__).with_name("replay.mjs")
    words = json.dumps({"address": address, "headers": headers, **what})
    pipes = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
    browser = await asyncio.create_subprocess_exec(node, script, words, **pipes)
    try:
        async with asyncio.timeout(PATIENCE):
            said, failed = await browser.communicate()
    finally:
        if browser.returncode is None:
            browser.kill()
            await browser.wait()
        await speaker.leave()
    assert browser.returncode == 0, failed.decode()
    return json.loads(said)


@pytest.mark.parametrize("cuts", [0, 5])
async def test_half_an_hour_kept_by_a_browser_arrives_whole_and_its_line_is_never_closed(product, cuts):
    said = await replayed(product, **HALF_AN_HOUR, cuts=cuts)
    assert (said["acknowledged"], said["live"]) == (HALF_AN_HOUR["clips"] + 1, True)
    assert (said["errors"], said["lost"]) == ([], [])
    assert said["closed"] == [1000] * cuts  # by the browser itself
    assert 0 < said["mostInFlight"] <= IN_FLIGHT_BYTES
    assert said["sent"] < flood_limit.RECEIVED_AT_ONCE / 16


@pytest.mark.long
async def test_a_full_journal_arrives_whole_and_its_line_is_never_closed(product):
    said = await replayed(product, **FULL_JOURNAL, cuts=2)
    assert (said["acknowledged"], said["live"]) == (FULL_JOURNAL["clips"] + 1, True)
    assert (said["errors"], said["lost"], said["closed"]) == ([], [], [1000, 1000])
