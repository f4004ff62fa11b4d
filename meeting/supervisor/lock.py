"""Lock on DATA_DIR: one `serve` at a time; the operating system releases it when the process dies."""

import os
import sys
from io import FileIO
from pathlib import Path

# a byte far behind the content: Windows locks bytes, and others are to read who holds it
_BYTE = 1 << 30


class HeldLock(Exception):
    """Another process has the lock; `holder` is its process id, or empty where it cannot be read."""

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


def take(path: Path) -> FileIO:
    """The lock on `path`, held until the returned file is closed or the process ends. Raises `HeldLock`."""
    file = FileIO(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+")
    try:
        _lock(file)
    except OSError:
        holder = file.read(20).decode("ascii", "replace").strip()
        file.close()
        raise HeldLock(holder) from None
    file.truncate(0)
    file.write(str(os.getpid()).encode())
    return file


if sys.platform == "win32":
    import msvcrt

    def _lock(file: FileIO) -> None:
        file.seek(_BYTE)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        file.seek(0)

else:
    import fcntl

    def _lock(file: FileIO) -> None:
        fcntl.lockf(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _BYTE)
