"""Proxy headers (X-Forwarded-…): each is believed only where PROXY_HEADERS names it.

What is not believed is taken out: anybody may send it."""

from collections.abc import Awaitable, Callable, Collection
from ipaddress import ip_address
from typing import Any

Scope = dict[str, Any]
Application = Callable[[Scope, Any, Any], Awaitable[None]]

PREFIX = b"x-forwarded-"


def forwarded(application: Application, believed: Collection[str]) -> Application:
    """The application behind a proxy that sets the headers which are believed (`proto`, `host`, `for`)."""

    async def told(scope: Scope, receive: Any, send: Any) -> None:
        await application(as_the_browser_asked(scope, believed), receive, send)

    return told


def as_the_browser_asked(scope: Scope, believed: Collection[str]) -> Scope:
    """The scope with its scheme, host and client as the believed headers have them."""
    told = {name: value for name in believed if (value := _last(scope["headers"], PREFIX + name.encode()))}
    headers = [(name, value) for name, value in scope["headers"] if not name.startswith(PREFIX)]
    changed: Scope = {"headers": headers}
    if told.get("proto") in ("http", "https"):
        changed["scheme"] = told["proto"] if scope["type"] == "http" else told["proto"].replace("http", "ws")
    if "host" in told:
        others = [(name, value) for name, value in headers if name != b"host"]
        changed["headers"] = [*others, (b"host", told["host"].encode("latin-1"))]
    if client := _address(told.get("for", "")):
        changed["client"] = [client, 0]
    return {**scope, **changed}


def _last(headers: list[tuple[bytes, bytes]], wanted: bytes) -> str:
    """The last value: what the nearest proxy wrote. Those before it came from further away."""
    values = [value for name, value in headers if name == wanted]
    return values[-1].decode("latin-1").rpartition(",")[2].strip() if values else ""


def _address(text: str) -> str:
    """The address in `203.0.113.7`, `203.0.113.7:1234`, `2001:db8::1` or `[2001:db8::1]:1234`; empty for others."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ip_address(text))
    except ValueError:
        return ""
