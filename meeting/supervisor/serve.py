"""Command `manage.py serve`: checks that it can start, prepares, and runs the supervisor."""

import argparse
import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from meeting import listening_socket
from meeting.supervisor import lock
from meeting.supervisor.child_process import REFUSED
from meeting.supervisor.console import say

PORT_PATIENCE_S = 5.0  # the children of a serve that was killed just now need a moment to let go of the port


class StartRefused(Exception):
    """The start cannot go on; the message says why and what would do."""


def main(arguments: Sequence[str] = ()) -> int:
    """Serve until SIGTERM or Ctrl-C. Returns 0 after a drain, 2 where the start was refused."""
    try:
        os.environ.update(_as_settings(_options(arguments)))
        return _serve()
    except (ImproperlyConfigured, StartRefused) as error:
        say(f"Not started: {error}")
        return REFUSED


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "manage.py serve",
        description="Serve until Ctrl-C.",
        epilog="Settings are environment variables; docs/settings.md has the table.",
        allow_abbrev=False,
    )
    parser.add_argument("--https", action="store_true", help="speak HTTPS, under a root certificate of our own")
    parser.add_argument("--cert", metavar="FILE", help="speak HTTPS with this certificate (PEM, its chain after it)")
    parser.add_argument("--key", metavar="FILE", help="and its key (PEM)")
    return parser.parse_args(arguments)


def _as_settings(options: argparse.Namespace) -> dict[str, str]:
    """The settings that the options are short for. Raises StartRefused."""
    if bool(options.cert) != bool(options.key):
        raise StartRefused("--cert and --key belong together. Give both, or `--https` for a certificate of our own.")
    if options.cert:  # `--https --cert` says the same thing twice
        return {"HTTPS_CERT": str(Path(options.cert).resolve()), "HTTPS_KEY": str(Path(options.key).resolve())}
    return {"HTTPS": "local"} if options.https else {}


def _serve() -> int:
    from meeting import settings  # here, where a value that cannot be used is reported
    from meeting.https import encryption

    run = settings.DATA_DIR / "run"
    run.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _only_one(run / "serve.lock", settings.DATA_DIR):
        os.environ["DATA_DIR"] = str(settings.DATA_DIR)
        listener = _listener(settings.HOST, settings.PORT)
        os.environ["PORT"] = str(listener.getsockname()[1])
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(settings.BASE_DIR), os.environ.get("PYTHONPATH")]))
        spoken = encryption.prepare()
        _prepare()
        from meeting.supervisor.supervisor import Supervisor

        return Supervisor(listener, spoken).run(run)


@contextlib.contextmanager
def _only_one(path: Path, data: Path) -> Iterator[None]:
    try:
        held = lock.take(path)
    except lock.HeldLock as other:
        who = f" (process {other.holder})" if other.holder else ""
        raise StartRefused(
            f"another `serve`{who} already uses {data}. Two would write over each other's files, and without "
            "Redis neither would see the other's captions. End that one, or set another DATA_DIR and PORT."
        ) from None
    with held:
        yield


def _prepare() -> None:
    from meeting.supervisor import prepare

    if prepare.needed():
        say("Preparing database, catalogues and static files ...")
        # a process of its own: this one never loads Django's apps
        done = subprocess.run([sys.executable, "-m", "meeting.supervisor.prepare"], check=False)
        if done.returncode:
            raise StartRefused("the database or the static files could not be prepared; the reason is above.")


def _listener(host: str, port: int) -> socket.socket:
    """The socket that the web processes listen on; on a free port for 0."""
    deadline = time.monotonic() + PORT_PATIENCE_S
    while True:
        try:
            return listening_socket.open_socket(host, port)
        except OSError as error:
            if time.monotonic() > deadline:
                raise StartRefused(
                    f"nothing can listen on HOST={host} PORT={port} ({error.strerror or error}). "
                    "End what uses it, or set another."
                ) from None
            time.sleep(0.2)
