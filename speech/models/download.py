"""A file downloaded over HTTP, checked by its SHA-256, resumed where an interrupted download ended.

The part that is here lies under a name with the expected checksum in it, so it is never continued with another file's
bytes. Resuming is HTTP's Range (RFC 9110, 14.2); a server that does not know it sends the whole file again.
"""

from __future__ import annotations

import os
import queue
import re
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from speech.models.source import ANSWER_SECONDS, Progress, Say, SourceFailed, file_sha256

BLOCK = 1 << 20
RETRIES = 3  # after a connection that brought something and broke
RETRY_SECONDS = 0.5
SLOW_SECONDS = 20.0  # a host that sends less than this many bytes in so long is given up
SLOW_BYTES = 20_000
RANGE_NOT_SATISFIABLE = 416


@dataclass(frozen=True)
class Remote:
    """A file of a host: its address, its SHA-256, and what it is called in lines for people."""

    url: str
    sha256: str
    label: str


class _Broken(Exception):
    """Raised when a connection ended before the file did. What came before stays on the disk."""


def download(remote: Remote, folder: Path, say: Say, patience: float = ANSWER_SECONDS) -> Path:
    """The file in `folder`, whole by its checksum. Raises `SourceFailed`, resumable where a part of it stays there;
    `OSError` where it cannot be written."""
    part = folder / f"{remote.sha256}.download"
    old = part.is_file() and part.stat().st_size > 0
    say(f"{'Resuming the download of' if old else 'Downloading'} {remote.url}")
    _complete(remote, part, say, patience)
    if file_sha256(part) != remote.sha256 and old:  # what was left here may be what is wrong
        say(f"{remote.label}: the part that was here is damaged, downloading it again")
        part.unlink()
        _complete(remote, part, say, patience)
    if file_sha256(part) != remote.sha256:
        part.unlink()
        raise SourceFailed(f"what came from {remote.url} has another checksum than it should have")
    return part


def open_url(request: urllib.request.Request, patience: float) -> HTTPResponse:
    """The answer to a request. Raises `SourceFailed` after `patience` seconds, whatever is slow (a name, a route, a
    server), and `urllib.error.HTTPError` for an answer that is an error."""
    box: queue.Queue[HTTPResponse | Exception] = queue.Queue(1)

    def ask() -> None:
        try:
            box.put(urllib.request.urlopen(request, timeout=patience))  # noqa: S310 - addresses from our own lists
        except (OSError, HTTPException, ValueError) as error:
            box.put(error)

    # a thread: no time limit of urllib's holds for the resolution of a name
    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = box.get(timeout=patience)
    except queue.Empty:
        raise SourceFailed(f"{request.host} did not answer within {patience:g} s") from None
    if isinstance(answer, urllib.error.HTTPError):
        raise answer
    if isinstance(answer, Exception):
        raise SourceFailed(_no_answer(request.host, answer, patience)) from answer
    return answer


def _no_answer(host: str, error: Exception, patience: float) -> str:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, TimeoutError):
        return f"{host} did not answer within {patience:g} s"
    said = reason.strerror if isinstance(reason, OSError) else str(reason)
    return f"{host} cannot be reached ({said or type(reason).__name__})"


def _complete(remote: Remote, part: Path, say: Say, patience: float) -> None:
    """Download until the file's end, over a connection that may break now and then. Raises `SourceFailed`."""
    for attempt in range(RETRIES + 1):
        before = _size(part)
        try:
            return _append(remote, part, say, patience)
        except _Broken as error:
            failed = SourceFailed(f"{remote.url}: {error}", resumable=_size(part) > 0)
            if attempt == RETRIES or _size(part) == before:
                raise failed from error
            say(f"{remote.label}: {error}, going on there")
            time.sleep(RETRY_SECONDS)
        except SourceFailed as error:
            raise SourceFailed(str(error), resumable=_size(part) > 0) from error
    return None


def _append(remote: Remote, part: Path, say: Say, patience: float) -> None:
    """One connection: ask for what is missing and write it behind what is here. Raises `_Broken`, `SourceFailed`."""
    here = _size(part)
    with _opened(remote, here, patience) as response:
        if response is None:  # nothing is missing
            return
        if response.status != 206:  # the whole file, whatever was asked for
            here = 0
        total = here + int(response.headers.get("Content-Length") or 0)
        progress = Progress(remote.label, total, say, start=here)
        with part.open("r+b" if here else "wb") as file:
            file.seek(here)
            for block in _blocks(response):
                file.write(block)
                here += len(block)
                progress.show(here)
            file.flush()
            os.fsync(file.fileno())  # before it gets the model's name: a power cut would leave a torn one
        if here < total:
            raise _Broken(f"the connection ended after {here} of {total} bytes")


@contextmanager
def _opened(remote: Remote, here: int, patience: float) -> Iterator[HTTPResponse | None]:
    """The answer to a request for the bytes from `here` on; None where the file has no more."""
    request = urllib.request.Request(remote.url)  # noqa: S310 - addresses from our own lists
    if here:
        request.add_header("Range", f"bytes={here}-")
    try:
        response = open_url(request, patience)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == RANGE_NOT_SATISFIABLE and here:
                yield None
                return
            raise SourceFailed(f"{remote.url} answers {error.code} {error.reason}") from None
    with response:
        if response.status == 206 and _start(response) != here:
            raise SourceFailed(f"{remote.url} sends other bytes than it was asked for")
        yield response


def _start(response: HTTPResponse) -> int:
    found = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return int(found[1]) if found else -1


def _blocks(response: HTTPResponse) -> Iterator[bytes]:
    """What comes, as it comes. Raises `_Broken` where it stops, or is too slow to be waited for."""
    since, came = time.monotonic(), 0
    while True:
        try:
            block = response.read1(BLOCK)
        except TimeoutError as error:
            raise _Broken("nothing more came") from error
        except (OSError, HTTPException) as error:
            raise _Broken(f"the connection broke ({error or type(error).__name__})") from error
        if not block:
            return
        yield block
        came += len(block)
        if time.monotonic() - since > SLOW_SECONDS:
            if came < SLOW_BYTES:
                raise _Broken(f"less than {SLOW_BYTES} bytes came in {SLOW_SECONDS:g} s")
            since, came = time.monotonic(), 0


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
