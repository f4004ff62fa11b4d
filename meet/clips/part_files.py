"""Part files: chunks of a clip as they arrive, in one append-only file a connection (number, length, CRC, bytes).

Two processes never write to the same file, and a record torn by a crash is recognised by its CRC and left out.
"""

import errno
import os
import shutil
import struct
import uuid
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

RECORD = struct.Struct("!III")  # chunk number, length, CRC-32 of the bytes


class PartFile:
    """One connection's share of one clip. Opened anew for every write: a thousand clips hold no file open."""

    def __init__(self, folder: Path, connection: uuid.UUID) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{connection.hex}.part"
        self._sound = _sound_length(self._path) if self._path.exists() else 0

    def append(self, chunks: Iterable[tuple[int, bytes]]) -> None:
        """Write chunks and return when they are on disk. Raises OSError where the disk refuses them."""
        records = b"".join(RECORD.pack(number, len(data), zlib.crc32(data)) + data for number, data in chunks)
        with self._path.open("ab", buffering=0) as file:
            file.truncate(self._sound)  # what an earlier write left torn would hide all that comes behind it
            written = file.write(records)
            if written != len(records):
                raise OSError(errno.ENOSPC, "the disk took only a part of it")
            os.fsync(file.fileno())
        self._sound += len(records)


def read(folder: Path) -> dict[int, bytes]:
    """Every chunk of a clip once, by its number; whichever connection brought it."""
    chunks: dict[int, bytes] = {}
    for path in sorted(folder.glob("*.part")):
        for number, data, _end in _records(path.read_bytes()):
            chunks.setdefault(number, data)
    return chunks


def heard_at(folder: Path) -> float | None:
    """When the last chunk was written, Unix seconds; None where nothing ever was."""
    times = [path.stat().st_mtime for path in folder.glob("*.part") if path.stat().st_size]
    return max(times, default=None)


def size(folder: Path) -> int:
    """How many bytes of a clip arrived, whoever brought them and however often."""
    return sum(path.stat().st_size for path in folder.glob("*.part"))


def discard(folder: Path) -> None:
    """Delete what arrived: it is in the clip's audio file, and nothing can be added any more."""
    shutil.rmtree(folder, ignore_errors=True)  # another process may be doing the same


def ranges(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Numbers as closed ranges, the way the wire has them."""
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def _sound_length(path: Path) -> int:
    return max((end for _number, _data, end in _records(path.read_bytes())), default=0)


def _records(content: bytes) -> Iterator[tuple[int, bytes, int]]:
    """(number, bytes, where the record ends), up to the first one that is torn."""
    at = 0
    while at + RECORD.size <= len(content):
        number, length, crc = RECORD.unpack_from(content, at)
        data = content[at + RECORD.size : at + RECORD.size + length]
        if len(data) < length or zlib.crc32(data) != crc:
            return
        at += RECORD.size + length
        yield number, data, at
