"""Which checkpoint serves, where it lies, and how it gets there: choice, download, checksum."""

from __future__ import annotations

import hashlib
import queue
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from speech.checkpoint import flaw

DEMO = Path(__file__).parent / "data" / "demo.pt"
AUTO_ON_GPU = "turbo"
AUTO_ON_CPU = "base"
ANSWER_SECONDS = 5.0  # a host that says nothing for so long is given up
BLOCK = 1 << 20

Say = Callable[[str], None]


class Unobtainable(Exception):
    """The checkpoint cannot be had: which, why, and what would do."""


@dataclass(frozen=True)
class Checkpoint:
    """A file with weights. `why`: for people, where it is not what they might expect."""

    name: str
    path: Path
    demo: bool = False
    why: str = ""


@dataclass(frozen=True)
class Located:
    """Where a checkpoint lies, or would lie once it is fetched from `url`."""

    name: str
    path: Path
    url: str = ""

    @property
    def checksum(self) -> str:
        """SHA-256 that the file must have; empty where nobody says."""
        return self.url.split("/")[-2] if self.url else ""


def choose(wanted: str, folder: Path, known: Mapping[str, str], *, gpu: bool, say: Say) -> Checkpoint:
    """The checkpoint for the setting `wanted`: `auto`, `demo`, a name in `known`, or a path to a `.pt`.

    `known`: name -> URL, with the SHA-256 as the address's last folder, as openai-whisper lists them. What is
    not in `folder` is downloaded. Only `auto` may fall back on the bundled model; otherwise `Unobtainable`.
    """
    if wanted == "demo":
        return Checkpoint("demo", DEMO, demo=True)
    if wanted == "auto":
        return _auto(folder, known, gpu=gpu, say=say)
    if wanted in known:
        return Checkpoint(wanted, obtain(known[wanted], folder, say=say))
    return _named_file(wanted, known)


def automatic(*, gpu: bool) -> str:
    """The model that `auto` takes."""
    return AUTO_ON_GPU if gpu else AUTO_ON_CPU


def locate(wanted: str, folder: Path, known: Mapping[str, str], *, gpu: bool) -> Located:
    """Where the checkpoint for the setting `wanted` lies or would lie; nothing is fetched. Raises `Unobtainable`."""
    name = automatic(gpu=gpu) if wanted == "auto" else wanted
    if name in known:
        return Located(name, folder / known[name].rsplit("/", 1)[-1], known[name])
    found = Checkpoint("demo", DEMO) if name == "demo" else _named_file(name, known)
    return Located(found.name, found.path)


def obtain(url: str, folder: Path, *, say: Say, patience: float = ANSWER_SECONDS) -> Path:
    """The file of `url` in `folder`, downloaded if need be and whole by its checksum. Raises `Unobtainable`."""
    target = folder / url.rsplit("/", 1)[-1]
    checksum = url.split("/")[-2]
    if target.is_file():
        if digest(target) == checksum:
            return target
        say(f"{target} is damaged (its checksum differs): downloading it again")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=target.name, suffix=".part", delete=False) as part:
            try:
                _fetch(url, part.write, say, patience)
                part.flush()
                _check(Path(part.name), checksum, url)
            except BaseException:
                part.close()
                Path(part.name).unlink(missing_ok=True)
                raise
        Path(part.name).replace(target)
    except OSError as error:
        raise Unobtainable(f"{url} cannot be had: {error or type(error).__name__}.") from error
    return target


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _auto(folder: Path, known: Mapping[str, str], *, gpu: bool, say: Say) -> Checkpoint:
    name = automatic(gpu=gpu)
    try:
        return Checkpoint(name, obtain(known[name], folder, say=say))
    except Unobtainable as error:
        why = (
            f"{error} The small bundled model serves instead: it knows some thirty phrases as synthetic voices "
            f"say them. Put {known[name].rsplit('/', 1)[-1]} into {folder}, or set WHISPER_MODEL to a path to a .pt."
        )
        say(why)
        return Checkpoint("demo", DEMO, demo=True, why=why)


def _named_file(wanted: str, known: Mapping[str, str]) -> Checkpoint:
    path = Path(wanted).expanduser()
    if path.is_dir():
        raise Unobtainable(f"WHISPER_MODEL={wanted!r} {flaw(path)}. Give the path of a .pt, or auto.")
    if path.suffix == ".pt" and path.is_file():
        return Checkpoint(path.name, path, demo=_is_demo(path))
    if path.suffix == ".pt":
        raise Unobtainable(f"WHISPER_MODEL={wanted!r}: there is no such file. Give the path of a .pt, or auto.")
    raise Unobtainable(
        f"WHISPER_MODEL={wanted!r} is not known. It can be auto, demo, a path to a .pt, or one of {', '.join(known)}."
    )


def _is_demo(path: Path) -> bool:
    """Whether it is the bundled model, by whatever name: it knows no more there."""
    return path.stat().st_size == DEMO.stat().st_size and digest(path) == digest(DEMO)


def _check(path: Path, checksum: str, url: str) -> None:
    if digest(path) != checksum:
        raise OSError(f"what came has another checksum than {url.rsplit('/', 1)[-1]} should have")


def _fetch(url: str, write: Callable[[bytes], object], say: Say, patience: float) -> None:
    say(f"Downloading {url}")
    with _opened(url, patience) as response:
        total = int(response.headers.get("Content-Length") or 0)
        done = shown = 0
        while block := _read(response):
            write(block)
            done += len(block)
            if total and done * 10 // total > shown:
                shown = done * 10 // total
                say(f"{url.rsplit('/', 1)[-1]}: {shown * 10} % of {total >> 20} MB")
        if done < total:
            raise OSError(f"the connection ended after {done} of {total} bytes")


def _read(response: HTTPResponse) -> bytes:
    try:
        return response.read(BLOCK)
    except HTTPException as error:
        raise OSError(f"the connection ended early: {type(error).__name__}") from error


def _opened(url: str, patience: float) -> HTTPResponse:
    """The answer to a request, or OSError after `patience` seconds, whatever is slow: name, route or server."""
    box: queue.Queue[HTTPResponse | OSError] = queue.Queue(1)

    def ask() -> None:
        try:
            box.put(urllib.request.urlopen(url, timeout=patience))  # noqa: S310 - our own list of addresses
        except urllib.error.URLError as error:
            box.put(OSError(str(error.reason)))
        except (OSError, HTTPException) as error:
            box.put(OSError(str(error) or type(error).__name__))

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = box.get(timeout=patience)
    except queue.Empty:
        raise OSError(f"no answer within {patience:g} s") from None
    if isinstance(answer, OSError):
        raise answer
    return answer
