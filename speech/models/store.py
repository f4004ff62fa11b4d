"""The folder of models (WHISPER_MODEL_DIR): what lies in it whole, and what is fetched into it from the sources.

A model is one file, `<name>.pt` in openai-whisper's format. While it is fetched, everything lies in `<name>.part`
beside it, a folder a source, under a lock, so that two processes do not fetch at once and a fetch that was killed goes
on where it was.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from speech.models.source import Say, Source, SourceFailed, file_sha256


class ModelUnobtainable(Exception):
    """Raised when a model cannot be had: which, why, and what would do."""


def obtain(model: str, sha256: str, folder: Path, sources: Sequence[Source], *, say: Say) -> Path:
    """The file of `model` in `folder`, fetched from the first source that gives it unless it lies there whole.
    `sha256`: of the file as OpenAI has it. Raises `ModelUnobtainable`."""
    target = folder / f"{model}.pt"
    if target.is_file() and is_whole(target, model, sha256):
        return target
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder / f".{model}.lock", model, say):
            if target.is_file():  # another process may have fetched it meanwhile
                if is_whole(target, model, sha256):
                    return target
                say(f"{target} is damaged (its checksum differs): fetching it again")
            _fetch(model, sha256, target, sources, say)
    except OSError as error:
        raise ModelUnobtainable(f"{folder} cannot be used for models ({error}). Set WHISPER_MODEL_DIR.") from error
    return target


def is_whole(path: Path, model: str, sha256: str) -> bool:
    """Whether the file is the model: OpenAI's own by its checksum, or any other with the tensors it should have."""
    from speech.models import tensors  # torch, late

    if not tensors.was_written_here(path) and file_sha256(path) == sha256:
        return True
    return tensors.is_whole(path, model)


def _fetch(model: str, sha256: str, target: Path, sources: Sequence[Source], say: Say) -> None:
    """Put the model at `target` from the first source that gives it. Raises `ModelUnobtainable` with what each said."""
    work = target.with_name(f"{model}.part")
    failures = []
    for source in sources:
        if not source.has(model):
            failures.append(f"{source.name} does not have it")
            continue
        try:
            _fetch_from(source, model, sha256, target, work / source.name, say)
        except (SourceFailed, OSError) as error:
            failures.append(f"{source.name}: {_why(error)}")
            say(f"The model {model} cannot be had from {failures[-1]}")
            if not (isinstance(error, SourceFailed) and error.resumable):
                shutil.rmtree(work / source.name, ignore_errors=True)
            continue
        shutil.rmtree(work, ignore_errors=True)
        return
    if work.is_dir() and not any(work.iterdir()):
        work.rmdir()
    raise ModelUnobtainable(f"The model {model} cannot be had ({'; '.join(failures)}).")


def _fetch_from(source: Source, model: str, sha256: str, target: Path, work: Path, say: Say) -> None:
    """Put the model at `target` from one source. Raises `SourceFailed`, `OSError`."""
    work.mkdir(parents=True, exist_ok=True)
    made = source.fetch(model, work, say)
    if not is_whole(made, model, sha256):
        raise SourceFailed("what came has other tensors than it should have")
    made.replace(target)
    _sync(target.parent)


def _why(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "the disk is full"
    return str(error) or type(error).__name__


def _sync(folder: Path) -> None:
    """Make the file's new name outlast a power cut. Windows has no such call."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def _locked(path: Path, model: str, say: Say) -> Iterator[None]:
    """Hold the model's lock; the system gives it back when its holder dies."""
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say(f"another process is fetching {model}: waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
