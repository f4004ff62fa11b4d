"""Several web processes on one Redis and one database: who is on another one is in the same room."""

import asyncio
import contextlib
import os
import shutil
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import psycopg
import pytest
from websockets.exceptions import ConnectionClosed

from tests import postgres, redis_server
from tests.meet.guest import Guest
from tests.meeting import webs
from tests.meeting.product import Product, serving, until
from tests.sentences import sentences
from tests.speech_process import Speech

HELLO = sentences("zh", exact=True)[0]
NOBODY = "http://127.0.0.1:9"
GONE_WITHIN_S = 40.0


@dataclass(frozen=True)
class House:
    """What the processes share."""

    environment: dict[str, str]
    speech: Speech


@pytest.fixture(scope="module")
def speech() -> Iterator[Speech]:
    with Speech(SPEECH_TOKEN="word") as speech:
        speech.until_ready()
        yield speech


@contextlib.contextmanager
def house(data: Path, speech: Speech, **database: str) -> Iterator[House]:
    """One Redis, one speech process, one folder, one database."""
    with redis_server.serving(data) as redis:
        shared = {"REDIS_URL": redis, "SPEECH_URL": speech.address, "SPEECH_TOKEN": "word", **database}
        environment = webs.environment(data, **shared)
        webs.prepare(environment)
        yield House(environment, speech)


@pytest.fixture(scope="module")
def on_postgres(speech: Speech, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with (
        postgres.serving() as address,
        house(tmp_path_factory.mktemp("postgres"), speech, DATABASE_URL=address) as found,
    ):
        yield found


@pytest.fixture(scope="module")
def on_sqlite(speech: Speech, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("sqlite"), speech) as found:
        yield found


async def meet(first: webs.Web, second: webs.Web) -> tuple[Guest, Guest]:
    """Alice on one process, Bob on the other, in one room."""
    alice, bob = Guest(first.address, "Alice"), Guest(second.address, "Bob")
    slug = await alice.make_room("Weekly")
    await alice.join(slug)
    await bob.join(slug)
    return alice, bob


async def sees(guest: Guest, *names: str, seconds: float = 30) -> None:
    """Until the list of who is there has these people in it and nobody else."""
    deadline = time.monotonic() + seconds
    while True:
        event = await guest.hears("members", seconds=deadline - time.monotonic())
        if {member["name"] for member in event["members"]} == set(names):
            return


async def speak(guest: Guest) -> uuid.UUID:
    """A whole clip, which is taken over."""
    clip, sound = uuid.uuid4(), HELLO.data
    pieces = [sound[at : at + 30_000] for at in range(0, len(sound), 30_000)]
    await guest.record(clip, *pieces, mime="audio/wav")
    await guest.hears("clip_ack", clip=str(clip))
    return clip


@pytest.mark.parametrize("kind", ["on_sqlite", "on_postgres"])
async def test_people_on_two_processes_see_each_other_and_read_what_each_says(kind, request):
    with webs.side_by_side(request.getfixturevalue(kind).environment) as (first, second):
        alice, bob = await meet(first, second)
        await sees(alice, "Alice", "Bob")
        await sees(bob, "Alice", "Bob")

        line = str(uuid.uuid4())
        await alice.say("message", id=line, text="hello")
        assert (await bob.hears("message", id=line))["text"] == "hello"

        for speaker, name in ((alice, "Alice"), (bob, "Bob")):
            clip = str(await speak(speaker))
            for reader in (alice, bob):
                caption = await reader.hears("caption", clip=clip)
                assert (caption["name"], caption["text"]) == (name, HELLO.text)

        await bob.leave()
        await sees(alice, "Alice")
        await alice.leave()


@pytest.mark.long
async def test_of_a_process_killed_with_9_the_people_go_and_the_clips_are_finished_by_the_other(on_postgres):
    with webs.side_by_side(on_postgres.environment) as (first, second):
        alice, bob = await meet(first, second)
        await sees(bob, "Alice", "Bob")
        begun = await begin_to_speak(alice)
        with stopped(on_postgres.speech.child.pid):
            said = await speak(alice)
            until(lambda: leased(on_postgres, said), 20, lambda: "the first process did not take the clip")
            first.process.send_signal(signal.SIGKILL)
            killed = time.monotonic()
        with contextlib.suppress(ConnectionClosed):
            await alice.leave()

        gone, finished, cut = await asyncio.gather(
            takes(killed, lambda: alone_in_the_newest_list(bob), GONE_WITHIN_S),
            takes(killed, lambda: captions_of(bob, said), 90),
            takes(killed, lambda: captions_of(bob, begun), 90),
        )
        print(f"killed: its person gone after {gone:.1f} s, its clip there {finished:.1f} s, the one begun {cut:.1f} s")
        for clip in (said, begun):
            assert captions_of(bob, clip) == [HELLO.text]
            assert revision(on_postgres, clip) == 1
        await bob.leave()


async def begin_to_speak(guest: Guest) -> uuid.UUID:
    """A clip of which all is held but its end was never told."""
    clip, sound = uuid.uuid4(), HELLO.data
    await guest.start(clip, mime="audio/wav")
    for number, at in enumerate(range(0, len(sound), 30_000)):
        await guest.chunk(clip, number, sound[at : at + 30_000])
        await guest.hears("chunk_ack", clip=str(clip))
    return clip


async def takes(since: float, true: Callable[[], object], seconds: float) -> float:
    """Seconds from a moment until something is true."""
    while not true():
        assert time.monotonic() - since < seconds
        await asyncio.sleep(0.05)
    return time.monotonic() - since


def alone_in_the_newest_list(guest: Guest) -> bool:
    lists = [event["members"] for event in guest.heard if event["type"] == "members"]
    return [member["name"] for member in lists[-1]] == [guest.name]


def captions_of(guest: Guest, clip: uuid.UUID) -> list[str]:
    """Every caption of a clip that somebody was given."""
    return [event["text"] for event in guest.heard if event["type"] == "caption" and event["clip"] == str(clip)]


@contextlib.contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Somebody who does not answer for a while."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def leased(house: House, clip: uuid.UUID) -> bool:
    """Whether a process works on the clip."""
    with psycopg.connect(house.environment["DATABASE_URL"]) as wire:
        found = wire.execute("SELECT lease_until > now() FROM meet_clip WHERE id = %s", [clip]).fetchone()
    return bool(found and found[0])


def revision(house: House, clip: uuid.UUID) -> object:
    """How often the clip's caption was written."""
    with psycopg.connect(house.environment["DATABASE_URL"]) as wire:
        found = wire.execute("SELECT revision FROM meet_caption WHERE clip_id = %s", [clip]).fetchone()
    return found and found[0]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One `serve` with two web processes."""
    data = tmp_path_factory.mktemp("two")
    with serving(data, WEB_PROCESSES="2", SPEECH_URL=NOBODY, LOG_DIR=str(data / "logs")) as product:
        until(lambda: len(product.children("meeting.web")) == 2, 120, lambda: product.output)
        until(product.answers, 120, lambda: product.output)
        yield product


def test_several_processes_share_one_address(two):
    assert two.lines.count(f"Listening on {two.address}") == 1
    for pid in two.children("meeting.web"):
        with stopped(pid):
            for _ in range(3):
                assert urlopen(f"{two.address}/livez", timeout=20).status == 200


def test_the_start_says_its_words_once_whatever_the_number_of_processes(two):
    assert sum(line.startswith("No administrator yet") for line in two.lines) == 1


def test_each_process_writes_a_log_of_its_own(two):
    until(lambda: len(list((two.data / "logs").glob("web-[12].log"))) == 2, 10, lambda: two.output)


def test_one_of_several_that_is_killed_comes_back_and_the_others_serve_meanwhile(two):
    killed, other = two.children("meeting.web")
    os.kill(killed, signal.SIGKILL)
    assert two.answers()
    until(
        lambda: len(two.children("meeting.web")) == 2 and killed not in two.children("meeting.web"),
        30,
        lambda: two.output,
    )
    assert other in two.children("meeting.web")


def test_several_end_together_with_status_0(tmp_path):
    with serving(tmp_path, WEB_PROCESSES="3", SPEECH_URL=NOBODY) as product:
        until(product.answers, 120, lambda: product.output)
        assert product.end() == 0
        assert "Traceback" not in product.output


def test_several_without_redis_are_refused_and_the_reason_said(tmp_path):
    with serving(tmp_path, WEB_PROCESSES="2", SPEECH_URL=NOBODY, PATH=without("redis-server")) as product:
        assert product.process.wait(60) == 2
        said = product.wait_for_line("Not started: WEB_PROCESSES=2 needs a Redis")
        assert "redis-server is not installed" in said


def without(program: str) -> str:
    """The path, less the folders in which a program is."""
    return os.pathsep.join(
        folder for folder in os.environ["PATH"].split(os.pathsep) if not shutil.which(program, path=folder)
    )
