"""Answers in pieces, from a real Daphne to a reader that takes its time."""

import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PIECE, PIECES = 64 * 1024, 1024
SERVER = f"""
import sys
from meeting.web import Web

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

web = Web("127.0.0.1", int(sys.argv[1]), application)
web._ready = web.server.ready_callable = None
web.run()
"""


@pytest.fixture
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(number)], cwd=ROOT)
    for _ in range(100):
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", number)) == 0:
                break
        time.sleep(0.1)
    yield number
    server.kill()
    server.wait()


def sent(port: int) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/sent", timeout=5) as answer:
        return int(answer.read())


def test_a_reader_that_does_not_read_is_sent_no_more_than_its_connection_takes_and_then_the_whole(port):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as reader:
        reader.sendall(b"GET / HTTP/1.0\r\n\r\n")
        time.sleep(1)
        assert 0 < sent(port) < PIECES // 2  # the rest of it is in the kernel's buffers
        received = 0
        while data := reader.recv(1 << 20):
            received += len(data)
    assert received > PIECE * PIECES
    assert sent(port) == PIECES


def test_a_reader_that_goes_away_leaves_nobody_waiting(port):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as reader:
        reader.sendall(b"GET / HTTP/1.0\r\n\r\n")
        time.sleep(0.5)
    for _ in range(50):
        if sent(port) == PIECES:
            break
        time.sleep(0.1)
    assert sent(port) == PIECES  # the rest went nowhere, at once
