"""Guard of the server: a token, where one is set, before anything but `/livez` is answered."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class Guard:
    """Asks for the token, where there is one, before anything but `/livez` is answered."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._wanted = f"Bearer {token}".encode() if token else b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._wanted and scope["path"] != "/livez":
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(given, self._wanted):
                refused: Callable[..., Awaitable[None]] = JSONResponse(
                    {"success": False, "error": "token missing or wrong", "retryable": False},
                    401,
                    {"WWW-Authenticate": "Bearer"},
                )
                return await refused(scope, receive, send)
        return await self._app(scope, receive, send)
