"""speech.server.process: the process starts with a clear word or not at all, and ends when it should."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.meeting.product import alive, until
from tests.speech import sounds
from tests.speech_process import ROOT, Speech

posix = pytest.mark.skipif(os.name != "posix", reason="signals")


def test_it_ends_when_its_parents_pipe_closes():
    with Speech() as process:
        process.until_ready()
        process.child.stdin.close()
        assert process.ended(10) == 0


def test_it_ends_when_its_parents_pipe_closes_while_it_still_loads():
    with Speech() as process:
        process.child.stdin.close()
        process.ended(10)


@posix
def test_its_workers_end_with_it_even_when_it_is_killed():
    with Speech() as process:
        process.until_ready()
        listed = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(process.child.pid)], capture_output=True, text=True, check=True
        )
        workers = [int(pid) for pid in listed.stdout.split()]
        assert workers
        process.child.kill()
        process.ended()
        until(lambda: not any(map(alive, workers)), 10, lambda: f"still there: {workers}")


def unread(process: Speech) -> int:
    """What was sent to a process and it has not read yet: connections that it has not taken, bytes on those it has."""
    port = f":{int(process.address.rpartition(':')[2]):04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(int(row[4].partition(":")[2], 16) for row in rows if row[1].endswith(port))


@posix
def test_asked_to_end_it_finishes_what_is_queued_first():
    sentences = sounds.sentences("en")[:6]
    with Speech() as process, ThreadPoolExecutor(6) as threads:
        process.until_ready()
        sent: list[int] = []

        def content(data: bytes) -> Iterator[bytes]:
            yield data
            sent.append(len(data))

        address = process.address + "/transcribe/binary?priority=final"
        asked = [threads.submit(httpx.post, address, content=content(s.data), timeout=60) for s in sentences]
        until(lambda: len(sent) == 6 and not unread(process), 30, lambda: f"{len(sent)} of 6 were sent")
        process.child.send_signal(signal.SIGTERM)
        assert [a.result().json()["text"] for a in asked] == [s.text for s in sentences]
        assert process.ended(15) == 0
        said = "\n".join(process.said)
        assert "Traceback" not in said, said
        assert "leaked" not in said, said


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"WHISPER_MODEL": "nowhere.pt"}, "no such file"),
        ({"WHISPER_MODEL": "enormous"}, "is not known"),
        ({"WHISPER_DEVICE": "toaster"}, "WHISPER_DEVICE"),
        ({"SPEECH_ENGINE": "kaldi"}, "is not known"),
        ({"WHISPER_DTYPE": "int8"}, "faster-whisper"),
        ({"VAD_AGGRESSIVENESS": "7"}, "VAD_AGGRESSIVENESS"),
        ({"WHISPER_DTYPE": "float16", "WHISPER_DEVICE": "cpu"}, "needs a CUDA device"),
        ({"WHISPER_MODEL": str(ROOT / "README.md")}, "is not known"),
    ],
)
def test_a_setting_that_cannot_be_used_stops_the_start_and_says_why(environment, words):
    with Speech(**environment) as process:
        assert process.ended(30) == 2
        assert any(words in line for line in process.said)


def test_a_file_that_is_no_checkpoint_stops_the_start(tmp_path):
    (tmp_path / "own.pt").write_bytes(b"no weights")
    with Speech(WHISPER_MODEL=str(tmp_path / "own.pt")) as process:
        assert process.ended(30) == 2
        assert any("cannot be loaded" in line for line in process.said)


def test_a_port_that_is_taken_stops_the_start(speech):
    port = speech.address.rsplit(":", 1)[1]
    with Speech("--port", port) as process:
        assert process.ended(20) == 2
        assert any("cannot be listened on" in line for line in process.said)


def test_auto_without_a_network_serves_the_bundled_model_and_says_so(tmp_path):
    blocked = {"https_proxy": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}
    with Speech(WHISPER_MODEL="auto", WHISPER_MODEL_DIR=str(tmp_path), WHISPER_DEVICE="cpu", **blocked) as process:
        assert process.until_ready()["demo"]
        assert any("bundled model serves instead" in line for line in process.said)


def _asked(process: Speech) -> httpx.Response:
    data = sounds.sentences("en")[0].data
    return httpx.post(process.address + "/transcribe/binary?priority=final", content=data, timeout=60)


def test_a_process_whose_engine_fails_at_everything_ends_to_be_started_again():
    with Speech(run=("-m", "tests.speech.failing"), FAILING="raises") as process:
        process.until_ready()
        assert _asked(process).status_code == 200
        refused = _asked(process)
        assert refused.status_code >= 500  # never a verdict on the clip: silence failed as well
        assert (refused.json()["success"], refused.json()["retryable"]) == (False, True)
        assert process.ended(20) == 1
        assert any("fresh start" in line for line in process.said)


def test_a_process_whose_engine_hangs_says_so_and_ends_to_be_started_again():
    with Speech(run=("-m", "tests.speech.failing"), FAILING="hangs") as process, ThreadPoolExecutor(1) as thread:
        process.until_ready()
        assert _asked(process).status_code == 200
        waiting = thread.submit(_asked, process)
        while (health := httpx.get(process.address + "/health", timeout=60)).status_code == 200:
            time.sleep(0.1)  # well before it ends: then it would not answer
        assert (health.status_code, health.json()["status"]) == (503, "failed")
        refused = waiting.result(30)
        assert (refused.status_code, refused.json()["retryable"]) == (503, True)
        assert process.ended(20) == 1


def test_its_start_says_what_is_loaded_and_nothing_of_the_server_inside():
    with Speech() as process:
        process.until_ready()
        process.child.stdin.close()
        process.ended(10)
        assert any("ready: model demo" in line for line in process.said)
        assert not [line for line in process.said if "uvicorn" in line]
