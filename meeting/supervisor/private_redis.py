"""Private Redis on a Unix socket in DATA_DIR: no port, nothing saved, ends with the supervisor.

redis-server cannot watch a pipe, so `python -m meeting.supervisor.private_redis SOCKET` stands between: it ends Redis
when its own standard input closes."""

import contextlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from meeting.supervisor import parent_pipe

# sun_path holds 108 bytes on Linux, 104 elsewhere, the closing zero among them
LONGEST_SOCKET_PATH = 100


def installed() -> str | None:
    """The path of `redis-server`, or None where there is none or no Unix sockets."""
    return shutil.which("redis-server") if hasattr(socket, "AF_UNIX") else None


@contextlib.contextmanager
def socket_in(folder: Path) -> Iterator[Path]:
    """Where the socket goes: into `folder`, or into a private temporary folder if that path is too long."""
    path = folder / "redis.sock"
    if len(bytes(path)) <= LONGEST_SOCKET_PATH:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="meeting-") as short:
        yield Path(short) / "redis.sock"


def answers(path: Path) -> bool:
    """Whether a Redis on this socket says PONG."""
    return _ask(path, b"PING\r\n").startswith(b"+PONG")


def _ask(path: Path, command: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as wire:
        wire.settimeout(1)
        try:
            wire.connect(str(path))
            wire.sendall(command)
            return wire.recv(64)
        except OSError:
            return b""


def _end_an_orphan(path: Path) -> None:
    """If the process between was killed, its Redis still holds the socket: tell it to leave first."""
    if answers(path):
        _ask(path, b"SHUTDOWN NOSAVE\r\n")
        for _ in range(50):
            if not answers(path):
                return
            time.sleep(0.02)


def _command(path: Path) -> list[str]:
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "save": "",
        "appendonly": "no",
        "dir": str(path.parent),
        "daemonize": "no",
        "loglevel": "warning",
        "logfile": str(path.with_suffix(".log")),
    }
    server = installed()
    if server is None:
        raise FileNotFoundError("redis-server")
    return [server, *(word for name, value in options.items() for word in (f"--{name}", value))]


def main(path: Path) -> int:
    """Run Redis until it ends, we are asked to end, or the supervisor is gone."""
    _end_an_orphan(path)
    path.with_suffix(".log").unlink(missing_ok=True)
    # its own session: a Ctrl-C in the terminal is for the supervisor, which ends Redis last
    redis = subprocess.Popen(  # noqa: S603 - the command is made of our own words
        _command(path), stdin=subprocess.DEVNULL, start_new_session=True
    )

    def asked(_signal: int, _frame: FrameType | None) -> None:
        redis.terminate()

    signal.signal(signal.SIGTERM, asked)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent_pipe.when_cut(redis.kill, patience=2)
    return redis.wait()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
