"""Servers that speak HTTP, for tests: a host of files that can fail in each way, and a package index."""

from __future__ import annotations

import base64
import hashlib
import http.server
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

HANGING_SECONDS = 60.0


@dataclass
class Host:
    """A running server: what it serves, how it fails, and what it was asked for."""

    files: dict[str, bytes] = field(default_factory=dict)  # path -> content
    hangs: bool = False  # never answers
    ranges: bool = True  # knows Range
    cut: list[int] = field(default_factory=list)  # bytes after which each of the next answers breaks off
    stalls: list[int] = field(default_factory=list)  # bytes after which each of the next answers stops coming
    pause: float = 0.0  # seconds after each 64 KB
    asked: list[tuple[str, str]] = field(default_factory=list)  # path and Range of each request
    address: str = ""


@contextmanager
def serving(host: Host) -> Iterator[Host]:
    """The host behind an address of its own; gone afterwards."""

    class Handler(_Handler):
        served = host

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    host.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    served: Host

    def do_GET(self) -> None:
        host = self.served
        host.asked.append((self.path, self.headers.get("Range", "")))
        if host.hangs:
            time.sleep(HANGING_SECONDS)
            return
        content = host.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        start = self._start() if host.ranges else 0
        if start and start >= len(content):
            self.send_error(416)
            return
        self._send(content, start)

    def _start(self) -> int:
        return int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))

    def _send(self, content: bytes, start: int) -> None:
        host, rest = self.served, content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.send_header("Content-Type", "text/html" if self.path.endswith("/") else "application/octet-stream")
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        big = len(rest) > 4096  # pages of an index come whole
        cut = host.cut.pop(0) if host.cut and big else len(rest)
        stall = host.stalls.pop(0) if host.stalls and big else len(rest)
        end = min(cut, stall)
        for at in range(0, end, 65_536):
            self.wfile.write(rest[at : min(at + 65_536, end)])
            time.sleep(host.pause)
        self.wfile.flush()
        if stall < len(rest):
            time.sleep(HANGING_SECONDS)
        if end < len(rest):
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing: the tests' output is pytest's."""


def wheel(folder: Path, package: str, version: str, files: dict[str, bytes]) -> Path:
    """A real wheel with these files in it."""
    module = package.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    held = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},sha256={_record_hash(data)},{len(data)}\n" for name, data in held.items())
    path = folder / f"{module}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in held.items():
            archive.writestr(name, data)
        archive.writestr(f"{info}/RECORD", f"{record}{info}/RECORD,,\n")
    return path


def _record_hash(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")


def index_of(wheels: list[Path]) -> dict[str, bytes]:
    """The files of a package index (PEP 503) with these wheels."""
    files = {}
    for path in wheels:
        package = path.name.split("-")[0].replace("_", "-")
        files[f"/simple/{package}/"] = f'<!DOCTYPE html><a href="/files/{path.name}">{path.name}</a>'.encode()
        files[f"/files/{path.name}"] = path.read_bytes()
    return files
