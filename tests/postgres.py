"""A PostgreSQL of the tests' own: in a temporary folder, on a Unix socket, gone afterwards."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

DEBIANS = Path("/usr/lib/postgresql")  # its programs are not on the path
NAME = "meeting"
# what is lost with the machine is lost with the tests as well
CARELESS = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """A server with one empty database: its address, as `DATABASE_URL` takes it."""
    folder = Path(tempfile.mkdtemp(prefix="meeting-postgres-"))
    who = _somebody(folder)
    try:
        how = ("-U", NAME, "-A", "trust", "--no-sync", "--encoding=UTF8", "--locale=C")
        subprocess.run(
            [_program("initdb"), "-D", folder / "data", *how],
            check=True,
            capture_output=True,
            cwd=folder,
            **who,
        )
        with _running(folder, who):
            yield f"postgres://{NAME}@{quote(str(folder), safe='')}/{NAME}"
    finally:
        shutil.rmtree(folder)


def _program(name: str) -> str:
    """The newest of the installed ones."""
    newest_first = sorted(map(str, DEBIANS.glob("*/bin")), reverse=True)
    found = shutil.which(name, path=os.pathsep.join([*newest_first, os.environ["PATH"]]))
    return found or pytest.fail("PostgreSQL is not installed; bin/test installs it")


def _somebody(folder: Path) -> dict[str, Any]:
    """As whom it runs: PostgreSQL refuses to be root, so there its package's own user has the folder."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@contextlib.contextmanager
def _running(folder: Path, who: dict[str, Any]) -> Iterator[None]:
    options = ("listen_addresses=", f"unix_socket_directories={folder}", "max_connections=100", *CARELESS)
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [_program("postgres"), "-D", folder / "data", *(word for option in options for word in ("-c", option))],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            **who,
        )
    try:
        _make_database(folder, server)
        yield
    finally:
        server.send_signal(signal.SIGINT)  # "fast": whoever is still connected is sent away
        server.wait(30)


def _make_database(folder: Path, server: "subprocess.Popen[bytes]", seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            with psycopg.connect(host=str(folder), user=NAME, dbname="postgres", autocommit=True) as wire:
                wire.execute(f"CREATE DATABASE {NAME}")
            return
        except psycopg.OperationalError:
            assert server.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.05)
