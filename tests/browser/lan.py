"""A LAN of the tests' own: a network namespace with an address in 10.0.0.0/8, and nothing else to be reached."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Lan:
    """A namespace, joined to this one by a cable of two ends."""

    name: str
    here: str  # the address of this end
    there: str  # the address of what runs inside

    @property
    def inside(self) -> list[str]:
        """What a command begins with that is to run inside."""
        return ["ip", "netns", "exec", self.name]


@contextmanager
def lan() -> Iterator[Lan]:
    """One that is gone afterwards. Skips where making one is not permitted."""
    if not shutil.which("ip"):
        pytest.fail("the command `ip` is not installed (iproute2); bin/test installs it")
    number = secrets.randbelow(1 << 14) * 4
    base = f"10.203.{number >> 8}."
    made = Lan(f"meeting-{os.getpid()}-{number}", f"{base}{(number & 255) + 1}", f"{base}{(number & 255) + 2}")
    try:
        _ip("netns", "add", made.name)
    except PermissionError as error:
        pytest.skip(f"network namespaces may not be made here (root may): {error}")
    try:
        _join(made, f"mt{number}a", f"mt{number}b")
        yield made
    finally:
        subprocess.run(["ip", "netns", "delete", made.name], check=False)  # its end of the cable goes with it: both do


def _join(made: Lan, here: str, there: str) -> None:
    try:
        _ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", made.name)
    except PermissionError as error:
        pytest.skip(f"network namespaces cannot be joined here: {error}")
    _ip("address", "add", f"{made.here}/30", "dev", here)
    _ip("link", "set", here, "up")
    _ip("-n", made.name, "address", "add", f"{made.there}/30", "dev", there)
    _ip("-n", made.name, "link", "set", there, "up")
    _ip("-n", made.name, "link", "set", "lo", "up")


def _ip(*words: str) -> None:
    """Raises PermissionError with what `ip` said."""
    done = subprocess.run(["ip", *words], check=False, capture_output=True, text=True)
    if done.returncode:
        raise PermissionError(f"ip {' '.join(words)}: {done.stderr.strip()}")
