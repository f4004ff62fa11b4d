"""The command `manage.py serve`: makes sure that it may start, prepares, and hands over to the supervisor."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from meeting import lock
from meeting.children import REFUSED
from meeting.lines import say

PORT_PATIENCE_S = 5.0  # the children of a serve that was killed just now need a moment to let go of the port
USAGE = "usage: python manage.py serve   (settings are environment variables; README.md has the table)"


class Refused(Exception):
    """The start cannot go on; the message says why and what would do."""


def main(arguments: Sequence[str] = ()) -> int:
    """Serve until SIGTERM or Ctrl-C. Returns 0 after a drain, 2 where the start was refused."""
    if arguments:
        say(USAGE)
        return 0 if list(arguments) in (["--help"], ["-h"]) else REFUSED
    try:
        return _serve()
    except (ImproperlyConfigured, Refused) as error:
        say(f"Not started: {error}")
        return REFUSED


def _serve() -> int:
    from meeting import settings  # here, where a value that cannot be used is reported

    run = settings.DATA_DIR / "run"
    run.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _only_one(run / "serve.lock", settings.DATA_DIR):
        os.environ["DATA_DIR"] = str(settings.DATA_DIR)
        os.environ["PORT"] = str(_port(settings.HOST, settings.PORT))
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(settings.BASE_DIR), os.environ.get("PYTHONPATH")]))
        _prepare()
        from meeting.supervisor import Supervisor

        return Supervisor().run(run)


@contextlib.contextmanager
def _only_one(path: Path, data: Path) -> Iterator[None]:
    try:
        held = lock.take(path)
    except lock.Held as other:
        who = f" (process {other.holder})" if other.holder else ""
        raise Refused(
            f"another `serve`{who} already uses {data}. Two would write over each other's files, and without "
            "Redis neither would see the other's captions. End that one, or set another DATA_DIR and PORT."
        ) from None
    with held:
        yield


def _prepare() -> None:
    from meeting import prepare

    if prepare.needed():
        say("Preparing database, catalogues and static files ...")
        # a process of its own: this one never loads Django's apps
        done = subprocess.run([sys.executable, "-m", "meeting.prepare"], check=False)
        if done.returncode:
            raise Refused("the database or the static files could not be prepared; the reason is above.")


def _port(host: str, port: int) -> int:
    """The port to listen on, which is free now; one that the system chooses for 0."""
    deadline = time.monotonic() + PORT_PATIENCE_S
    while True:
        try:
            return free_port(host, port)
        except OSError as error:
            if time.monotonic() > deadline:
                raise Refused(
                    f"nothing can listen on HOST={host} PORT={port} ({error.strerror or error}). "
                    "End what uses it, or set another."
                ) from None
            time.sleep(0.2)


def free_port(host: str, port: int = 0) -> int:
    """`port` if it can be listened on, or a free one for 0. Raises OSError."""
    host = host.strip("[]")
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        if sys.platform != "win32":  # where the option would let two servers share a port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        probe.listen()
        return int(probe.getsockname()[1])
