"""FLAC worker: decodes uploaded audio and writes it as FLAC, in a process that loads no Django and starts at once."""

import multiprocessing
import os
import threading
from multiprocessing.process import BaseProcess
from pathlib import Path

import soundfile

from speech.audio import codec

LONGEST_SECONDS = 600


def end_with_parent() -> None:
    """A killed parent leaves no orphan behind: pool workers do not notice by themselves."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(0)


def ready() -> bool:
    """Nothing to do; asked once, so that the process is up before the first clip comes."""
    return True


def write_flac(data: bytes, keep_from: int, keep_to: int | None, target: Path) -> int | None:
    """Decode, trim, write (temporary file, fsync, rename); the length in ms, None where nothing can be decoded."""
    try:
        audio = codec.decode(data, keep_from=keep_from, keep_to=keep_to, max_seconds=LONGEST_SECONDS)
    except codec.Undecodable:
        return None
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    soundfile.write(fresh, audio, codec.SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    with fresh.open("rb+") as file:
        os.fsync(file.fileno())
    fresh.replace(target)
    return round(1000 * len(audio) / codec.SAMPLE_RATE)
