"""`manage.py serve` as a whole: what it says, what it survives, how it ends. Real processes throughout."""

import http.client
import os
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.meeting.product import Product, alive, descendants, serving, until
from tests.pace import LIBRARIES, assert_within

NOBODY = "http://127.0.0.1:9"  # a speech tier that is away, where a test needs none: a model takes seconds to load
DRAIN_SECONDS = 14.0  # an end that takes less has waited for nothing: what is under way is given 15
CHILDREN = ("meeting.web", "speech", "meeting.supervisor.private_redis")


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One that the tests share which leave it as they found it: running."""
    if not shutil.which("redis-server"):
        pytest.fail("redis-server is not installed; bin/test installs it")
    with serving(tmp_path_factory.mktemp("d")) as product:
        until(product.answers, 120, lambda: product.output)
        yield product


def test_the_start_says_once_where_it_listens(product):
    assert product.lines.count(f"Listening on {product.address}") == 1


def test_the_start_says_the_layer_the_model_the_translator_the_folder_and_the_first_administrator(product):
    product.wait_for_line("Channel layer: a Redis of our own")
    product.wait_for_line("Translation: off")
    product.wait_for_line(f"Database, media and secrets: {product.data}")
    product.wait_for_line("No administrator yet. Make the first one: ")
    assert "small bundled one" in product.wait_for_line("Model: demo")


def test_everything_is_healthy(product):
    until(lambda: product.answers("/healthz"), 120, lambda: product.output)


def test_the_web_process_has_not_loaded_torch(product):
    maps = Path(f"/proc/{product.child('meeting.web')}/maps").read_text()
    assert "libpython" in maps or "python" in maps
    assert "torch" not in maps


def test_the_supervisor_has_loaded_neither_torch_nor_a_database(product):
    maps = Path(f"/proc/{product.process.pid}/maps").read_text()
    assert "torch" not in maps
    assert "sqlite" not in maps


def test_speech_gives_way_to_web(product):
    assert os.getpriority(os.PRIO_PROCESS, product.child("speech")) == 5


def test_openmp_threads_of_speech_wait_without_spinning(product):
    environment = Path(f"/proc/{product.child('speech')}/environ").read_bytes().split(b"\0")
    assert b"OMP_WAIT_POLICY=PASSIVE" in environment


def test_redis_listens_on_a_socket_that_only_its_owner_may_use(product):
    path = product.data / "run" / "redis.sock"
    assert path.stat().st_mode & 0o777 == 0o700
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert not [line for line in _listening(product.redis()) if line]


def _listening(pid: int) -> list[str]:
    """The TCP sockets on which a process listens."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        target = str(link.readlink())
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    rows = [
        row.split() for name in ("tcp", "tcp6") for row in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]
    ]
    return [row[1] for row in rows if row[3] == "0A" and row[9] in inodes]


@pytest.mark.parametrize("killed", CHILDREN)
def test_a_killed_child_comes_back_and_leaves_the_others_alone(product, killed):
    before = {name: product.child(name) for name in CHILDREN}
    redis = product.redis()

    os.kill(before[killed], signal.SIGKILL)

    until(lambda: not alive(before[killed]), 5, lambda: f"{killed} survived kill -9")
    until(lambda: product.child(killed) != before[killed], 20, lambda: product.output)
    until(lambda: product.answers("/healthz"), 120, lambda: product.output)
    assert {name: product.child(name) for name in CHILDREN if name != killed} == {
        name: pid for name, pid in before.items() if name != killed
    }
    if (
        killed == "meeting.supervisor.private_redis"
    ):  # its Redis was left alone for a moment, and has made way for the next
        assert product.redis() != redis
        assert not alive(redis)
    else:
        assert product.redis() == redis


def test_a_killed_redis_server_comes_back(product):
    before = product.redis()
    web = product.child("meeting.web")

    os.kill(before, signal.SIGKILL)

    until(lambda: not alive(before), 5, lambda: "redis-server survived kill -9")
    until(lambda: product.answers("/healthz"), 30, lambda: product.output)
    assert product.redis() != before
    assert product.child("meeting.web") == web


def test_a_second_serve_on_the_same_folder_refuses_and_says_who_has_it(product):
    with serving(product.data) as second:
        assert second.process.wait(30) == 2
        said = second.wait_for_line("Not started: another `serve`")
    assert f"(process {product.process.pid})" in said
    assert product.answers()


def test_a_second_serve_on_the_same_port_refuses_and_says_so(product, tmp_path):
    port = product.address.rpartition(":")[2]
    with serving(tmp_path, PORT=port) as second:
        assert second.process.wait(30) == 2
        assert f"PORT={port}" in second.wait_for_line("Not started: nothing can listen on")


def test_everything_ends_when_the_supervisor_is_killed(tmp_path):
    with serving(tmp_path) as product:
        until(product.answers, 120, lambda: product.output)
        family = descendants(product.process.pid)
        assert len(family) >= 4

        os.kill(product.process.pid, signal.SIGKILL)

        until(lambda: not any(map(alive, family)), 10, lambda: f"still there: {family}\n{product.output}")
        product.process.wait(5)


def test_sigterm_drains_and_ends_everything_with_status_0(tmp_path):
    with serving(tmp_path) as product:
        until(product.answers, 120, lambda: product.output)
        family = descendants(product.process.pid)

        assert product.end() == 0

        assert not any(map(alive, family))
        assert product.lines[-1] == "Ended."


@pytest.mark.long
@pytest.mark.alone
def test_a_second_start_in_the_same_folder_serves_within_five_seconds(tmp_path):
    with serving(tmp_path) as first:
        until(first.answers, 120, lambda: first.output)

    def start() -> float:
        started = time.monotonic()
        with serving(tmp_path) as again:
            until(lambda: again.answers("/healthz"), 120, lambda: again.output)
            took = time.monotonic() - started
            assert "Preparing" not in again.output
        return took

    assert_within(5.0, start, "a second start", work=LIBRARIES)


def test_without_redis_the_memory_layer_serves_and_the_start_says_so(tmp_path):
    with serving(tmp_path, PATH="/nonexistent") as product:
        product.wait_for_line("Channel layer: memory")
        until(lambda: product.answers("/healthz"), 120, lambda: product.output)


def test_a_path_too_long_for_a_socket_does_not_stop_redis(tmp_path):
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    with serving(deep, SPEECH_URL=NOBODY) as product:
        product.wait_for_line("Channel layer: a Redis of our own")


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "eighty"), ("TRANSLATOR", "babelfish"), ("TIME_ZONE", "Mars/Olympus"), ("WHISPER_DEVICE", "abacus")],
)
def test_a_setting_that_cannot_be_used_stops_the_start_and_is_named(tmp_path, name, value):
    with serving(tmp_path, **{name: value}) as product:
        assert product.process.wait(40) == 2
        product.wait_for_line("Not started: ")
        assert name in product.output
        assert value in product.output


def test_a_model_asked_for_by_name_that_cannot_be_had_stops_the_start(tmp_path):
    with serving(tmp_path, WHISPER_MODEL=str(tmp_path / "none.pt")) as product:
        assert product.process.wait(40) == 2
        assert "none.pt" in product.output


def test_the_port_is_given_back_at_once(tmp_path):
    with serving(tmp_path, SPEECH_URL=NOBODY) as product:
        until(product.answers, 120, lambda: product.output)
        port = int(product.address.rpartition(":")[2])
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))


def test_an_open_connection_does_not_hold_up_the_end(tmp_path):
    with serving(tmp_path, SPEECH_URL=NOBODY) as product:
        until(product.answers, 120, lambda: product.output)
        idle = http.client.HTTPConnection(product.address.removeprefix("http://"))
        idle.request("GET", "/livez")
        assert idle.getresponse().read() == b"ok"
        started = time.monotonic()

        assert product.end() == 0

        assert time.monotonic() - started < DRAIN_SECONDS
        assert "status" not in product.lines[-1]
        assert "Traceback" not in product.output
        idle.close()


def test_a_second_signal_ends_at_once_even_where_a_child_hangs(tmp_path):
    with serving(tmp_path, SPEECH_URL=NOBODY) as product:
        until(product.answers, 120, lambda: product.output)
        family = descendants(product.process.pid)
        os.kill(product.child("meeting.web"), signal.SIGSTOP)
        product.process.send_signal(signal.SIGTERM)
        product.wait_for_line("Ending: ")
        time.sleep(1)
        assert product.process.poll() is None
        started = time.monotonic()

        assert product.end() == 0

        assert time.monotonic() - started < DRAIN_SECONDS
        assert not any(map(alive, family))
