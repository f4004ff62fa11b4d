"""The listening socket: opened once by the supervisor and inherited by every web process.

The kernel gives a new connection to whichever process takes it first, so to one that has time; and one made while
the only process starts again waits a moment instead of being refused. Windows cannot pass it on: there the one web
process opens its own."""

import contextlib
import socket
import sys
from typing import Any

BACKLOG = 1024  # three hundred people reconnect at once when a process starts again
INHERITABLE = sys.platform != "win32"
ARGUMENT = "--listen-on-descriptor="


def family(host: str) -> socket.AddressFamily:
    """IPv4 or IPv6, by the address to listen on."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def open_socket(host: str, port: int) -> socket.socket:
    """Listen on an address; on a free port for 0. Raises OSError."""
    host = host.strip("[]")
    listener = socket.socket(family(host))
    with contextlib.ExitStack() as undo:
        undo.callback(listener.close)
        if INHERITABLE:  # elsewhere the option would let two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
        listener.setblocking(False)
        undo.pop_all()
    return listener


def inherited(arguments: list[str]) -> int | None:
    """The descriptor that the supervisor has given a child, by its arguments."""
    given = [word.removeprefix(ARGUMENT) for word in arguments if word.startswith(ARGUMENT)]
    return int(given[0]) if given else None


def endpoint(host: str, port: int, descriptor: int | None) -> Any:
    """Where a web process listens, for Twisted: the inherited socket, or one of its own."""
    from twisted.internet import endpoints, reactor

    host = host.strip("[]")
    if descriptor is not None:
        return endpoints.AdoptedStreamServerEndpoint(reactor, descriptor, family(host))  # type: ignore[no-untyped-call]
    kind = endpoints.TCP6ServerEndpoint if ":" in host else endpoints.TCP4ServerEndpoint
    return kind(reactor, port, backlog=BACKLOG, interface=host)
