"""Lines of JSON as a reply: a first text that is not the answer yet at once, and the answer when it is there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from starlette.requests import Request as HttpRequest
from starlette.responses import Response, StreamingResponse

TYPE = "application/x-ndjson"

First = Callable[[Response], None]


def accepted(http: HttpRequest) -> bool:
    """Whether a caller takes lines."""
    return TYPE in http.headers.get("accept", "")


async def reply(answering: Callable[[First], Coroutine[Any, Any, Response]]) -> Response:
    """What `answering` comes to, in lines: one that it gives to its `First` goes out while it is still at work. An
    error that comes before any line is a reply of its own, with its status."""
    first: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
    answer = asyncio.create_task(answering(first.set_result))
    try:
        await asyncio.wait({first, answer}, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        answer.cancel()
        raise
    if first.done():
        return StreamingResponse(_lines(first.result(), answer), media_type=TYPE)
    whole = answer.result()
    return Response(_line(whole), media_type=TYPE) if whole.status_code == 200 else whole


async def _lines(first: Response, answer: asyncio.Task[Response]) -> AsyncIterator[bytes]:
    try:
        yield _line(first)
        last = await answer
        if last.body:  # else its caller has hung up
            yield _line(last)
    finally:
        answer.cancel()


def _line(reply: Response) -> bytes:
    return bytes(reply.body) + b"\n"
