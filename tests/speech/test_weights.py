"""speech.weights: the checkpoint that was asked for, whole, or a clear word; only `auto` may fall back."""

from __future__ import annotations

import hashlib
import http.server
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from speech import weights

WEIGHTS = b"weights" * 400_000
SUM = hashlib.sha256(WEIGHTS).hexdigest()


class _Host(http.server.BaseHTTPRequestHandler):
    """Gives the file, a damaged one, half of one, or nothing for a long time, by the address."""

    asked: list[str] = []  # noqa: RUF012 - one list for the host

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if "slow" in self.path:
            time.sleep(60)
        if "missing" in self.path:
            return self.send_error(404)
        self.send_response(200)
        self.send_header("Content-Length", str(len(WEIGHTS)))
        self.end_headers()
        if "stalls" in self.path:
            self.wfile.write(WEIGHTS[:1000])
            self.wfile.flush()
            time.sleep(60)
        elif "torn" in self.path:
            self.wfile.write(WEIGHTS[: len(WEIGHTS) // 2])
        else:
            self.wfile.write(WEIGHTS)
        return None

    def log_message(self, *_: object) -> None:
        """Nothing: the tests' output is pytest's."""


@pytest.fixture
def host() -> Iterator[str]:
    _Host.asked.clear()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Host)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def said() -> list[str]:
    return []


def left(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.exists() else []


def test_a_model_is_downloaded_once_and_its_progress_said(host, tmp_path, said):
    for _ in range(2):
        path = weights.obtain(f"{host}/{SUM}/base.pt", tmp_path / "models", say=said.append)
        assert path.read_bytes() == WEIGHTS
    assert len(_Host.asked) == 1
    assert left(tmp_path / "models") == ["base.pt"]
    assert any("100 %" in line for line in said)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("0" * 64 + "/base.pt", "checksum"),
        (f"torn/{SUM}/base.pt", "ended"),
        (f"missing/{SUM}/base.pt", "404|Not Found"),
        (f"slow/{SUM}/base.pt", "no answer|timed out"),
        (f"stalls/{SUM}/base.pt", "timed out"),
    ],
)
def test_what_cannot_be_had_whole_leaves_nothing_behind_and_says_why(host, tmp_path, said, path, why):
    began = time.monotonic()
    with pytest.raises(weights.Unobtainable, match=why):
        weights.obtain(f"{host}/{path}", tmp_path, say=said.append, patience=0.5)
    assert time.monotonic() - began < 30  # the slow host takes a minute
    assert left(tmp_path) == []


def test_a_host_that_is_not_there_is_given_up_at_once(tmp_path, said):
    with pytest.raises(weights.Unobtainable):
        weights.obtain(f"http://127.0.0.1:9/{SUM}/base.pt", tmp_path, say=said.append)


def test_a_damaged_file_is_downloaded_again(host, tmp_path, said):
    (tmp_path / "base.pt").write_bytes(b"half")
    assert weights.obtain(f"{host}/{SUM}/base.pt", tmp_path, say=said.append).read_bytes() == WEIGHTS
    assert any("damaged" in line for line in said)


@pytest.mark.parametrize(("gpu", "name"), [(True, "turbo"), (False, "base")])
def test_auto_takes_turbo_on_a_gpu_and_base_on_a_cpu(host, tmp_path, said, gpu, name):
    known = {"base": f"{host}/{SUM}/base.pt", "turbo": f"{host}/{SUM}/large-v3-turbo.pt"}
    chosen = weights.choose("auto", tmp_path, known, gpu=gpu, say=said.append)
    assert (chosen.name, chosen.demo) == (name, False)


def test_auto_falls_back_on_the_bundled_model_and_says_so(tmp_path, said):
    known = {"base": f"http://127.0.0.1:9/{SUM}/base.pt"}
    chosen = weights.choose("auto", tmp_path, known, gpu=False, say=said.append)
    assert chosen.demo
    assert chosen.path == weights.DEMO
    assert "bundled" in said[-1]


def test_a_model_asked_for_by_name_never_falls_back(tmp_path, said):
    known = {"small": f"http://127.0.0.1:9/{SUM}/small.pt"}
    with pytest.raises(weights.Unobtainable):
        weights.choose("small", tmp_path, known, gpu=False, say=said.append)


@pytest.mark.parametrize("wanted", ["huge", "nowhere.pt", "/nowhere/model.pt"])
def test_an_unknown_name_or_path_says_what_would_do(tmp_path, said, wanted):
    with pytest.raises(weights.Unobtainable, match="WHISPER_MODEL") as caught:
        weights.choose(wanted, tmp_path, {"small": "https://host/sum/small.pt"}, gpu=False, say=said.append)
    assert "auto" in str(caught.value)


def test_a_path_to_a_checkpoint_is_taken_as_it_is(tmp_path, said):
    own = tmp_path / "own.pt"
    own.write_bytes(b"x")
    assert weights.choose(str(own), tmp_path, {}, gpu=False, say=said.append).path == own
    assert weights.choose(str(weights.DEMO), tmp_path, {}, gpu=False, say=said.append).demo
