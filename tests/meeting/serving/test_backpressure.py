"""Answers in pieces, from a real Daphne to a reader that takes its time."""

import contextlib
import datetime
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest

from meeting.https import local_ca
from tests.meeting.product import until

ROOT = Path(__file__).resolve().parents[3]
PIECE, PIECES = 64 * 1024, 1024
SERVER = f"""
import sys
from pathlib import Path
from meeting.web import WebProcess

sent = 0

async def application(scope, receive, send):
    global sent
    await send({{"type": "http.response.start", "status": 200, "headers": []}})
    if scope["path"] == "/sent":
        await send({{"type": "http.response.body", "body": str(sent).encode()}})
        return
    for _ in range({PIECES}):
        await send({{"type": "http.response.body", "body": bytes({PIECE}), "more_body": True}})
        sent += 1
    await send({{"type": "http.response.body", "body": b"", "more_body": False}})

pair = tuple(map(Path, sys.argv[2:])) or None
web = WebProcess("127.0.0.1", int(sys.argv[1]), application, pair)
web._ready = web.server.ready_callable = None
web.run()
"""


@pytest.fixture(params=["plain", "encrypted"])
def connect(request, tmp_path):
    """Opens a connection to such a server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    files, trusting = [], None
    if request.param == "encrypted":
        issued = local_ca.issue(tmp_path / "https", ["127.0.0.1"], datetime.datetime.now(datetime.UTC))
        files, trusting = [issued.certificate, issued.key], ssl.create_default_context(cafile=issued.root)
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(number), *map(str, files)], cwd=ROOT)

    def connect():
        line = socket.create_connection(("127.0.0.1", number), timeout=10)
        return trusting.wrap_socket(line, server_hostname="127.0.0.1") if trusting else line

    def listens():
        with contextlib.suppress(ConnectionRefusedError), connect():
            return True
        return server.poll() is not None

    try:
        until(listens, 20, lambda: "it does not listen")
        yield connect
    finally:
        server.kill()
        server.wait()


def sent(connect) -> int:
    with connect() as line:
        line.sendall(b"GET /sent HTTP/1.0\r\n\r\n")
        answer = b""
        while data := line.recv(4096):
            answer += data
    return int(answer.rpartition(b"\r\n\r\n")[2])


def settled(connect) -> int:
    """How many pieces were sent, once there have been some and no more come."""
    seen = []

    def still() -> bool:
        seen.append(sent(connect))
        time.sleep(0.5)
        return seen[-1] > 0 and seen[-1] == sent(connect)

    until(still, 30, lambda: f"it goes on: {seen}")
    return seen[-1]


def test_a_reader_that_does_not_read_is_sent_no_more_than_its_connection_takes_and_then_the_whole(connect):
    with connect() as reader:
        reader.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert 0 < settled(connect) < PIECES // 2  # the rest of it is in the kernel's buffers
        received = 0
        while data := reader.recv(1 << 20):
            received += len(data)
    assert received > PIECE * PIECES
    assert sent(connect) == PIECES


def test_a_reader_that_goes_away_leaves_nobody_waiting(connect):
    with connect() as reader:
        reader.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert settled(connect) < PIECES
    until(lambda: sent(connect) == PIECES, 5, lambda: "somebody waits")  # the rest went nowhere, at once
