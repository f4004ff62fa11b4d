"""The speech tier over HTTP: parse, call the node, reply. No clip's text is ever logged."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive

from speech.audio import codec, decode_pool
from speech.engines import EngineError
from speech.queue import scheduler, turns
from speech.server import json_lines, wire
from speech.server.authentication import Guard
from speech.server.node import FILE_MAX_SECONDS, Answer, ModelLoading, Node, UnusableClip
from speech.transcription.transcription import Request

logger = logging.getLogger(__name__)

LIVE_MAX_BYTES = 32 << 20
FILE_MAX_BYTES = 512 << 20
HELD_BYTES = 2 << 30  # of all recordings at the same time
LIVE = ("final", "partial")
BUSY_RETRY_SECONDS = 5
LOADING_RETRY_SECONDS = 2


class TooLarge(Exception):
    """A body over the limit."""

    retryable = False


# What each error means to a caller: status, and Retry-After in seconds where there is one
STATUS: dict[type[Exception], tuple[int, int | None]] = {
    codec.TooLong: (413, None),
    codec.Undecodable: (400, None),
    TooLarge: (413, None),
    UnusableClip: (400, None),
    ModelLoading: (503, LOADING_RETRY_SECONDS),
    turns.Overloaded: (503, BUSY_RETRY_SECONDS),
    turns.Expired: (503, None),
    turns.Superseded: (409, None),  # the caller's own newer one took its place: nothing failed
    scheduler.SchedulerClosed: (503, BUSY_RETRY_SECONDS),
    scheduler.EngineBroken: (503, BUSY_RETRY_SECONDS),
    decode_pool.DecoderUnstartable: (503, BUSY_RETRY_SECONDS),
}


def create_app(node: Node, *, on_failure: Callable[[Exception], None] | None = None) -> ASGIApp:
    """The application around `node`. `on_failure` hears of a model that cannot be had, or does not work any more."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        life = asyncio.create_task(node.live())
        life.add_done_callback(lambda task: _report(task, on_failure))
        yield
        life.cancel()
        await node.stop()

    app = Starlette(
        routes=[
            Route("/transcribe/binary", _transcribe_binary, methods=["POST"]),
            Route("/transcribe/file", _transcribe_file, methods=["POST"]),
            Route("/models", _models),
            Route("/health", _health),
            Route("/capabilities", _capabilities),
            Route("/livez", _livez),
        ],
        lifespan=lifespan,
        exception_handlers={HTTPException: _http_error},
    )
    app.state.node, app.state.held = node, 0
    return Guard(app, node.config.token)


async def _transcribe_binary(http: HttpRequest) -> Response:
    """A clip's bytes as the body, everything else in the query. Who takes lines gets a first text before the answer."""
    if json_lines.accepted(http):
        return await json_lines.reply(lambda first: _answered(http, _body(http), http.query_params, first))
    return await _answered(http, _body(http), http.query_params)


async def _transcribe_file(http: HttpRequest) -> Response:
    """The same as a form: `file` and fields of the query's names."""
    fields: dict[str, str] = dict(http.query_params)

    async def body() -> bytes:
        limited = HttpRequest(http.scope, _counted(http, _limited(http, FILE_MAX_BYTES)))
        async with limited.form(max_files=1, max_fields=30) as form:
            fields.update({name: value for name, value in form.items() if isinstance(value, str)})
            file = form.get("file")
            if file is None or isinstance(file, str):
                raise UnusableClip("the form has no file")
            return await file.read()

    return await _answered(http, body(), fields)


async def _answered(
    http: HttpRequest,
    body: Coroutine[Any, Any, bytes],
    fields: Mapping[str, str],
    first: json_lines.First | None = None,
) -> Response:
    """Hear a clip and say what came of it, in JSON, whatever came of it. `first` gets a first text before that, as a
    reply like the last one."""
    clip = wire.printable(fields.get("clip", ""))
    try:
        data = await body
        began = time.monotonic()
        request = wire.parse(data, fields)

        def told(answer: Answer) -> None:
            if first:
                first(_shown(http, request, answer, began, first=True))

        answer = await _unless_gone(http, _node(http).hear(request, first=told if first else None))
    except HTTPException:
        raise
    except ClientDisconnect:
        answer = None
    except Exception as error:
        return _failed(error, clip)
    finally:
        http.app.state.held -= getattr(http.state, "held", 0)
    if answer is None:
        return Response(status_code=499)
    return _shown(http, request, answer, began)


def _shown(http: HttpRequest, request: Request, answer: Answer, began: float, *, first: bool = False) -> Response:
    """An answer as a reply; the log has what there is of it beside its words."""
    spent, found = time.monotonic() - began, answer.silent or ("first text" if first else "text")
    logger.info("clip %s: %.2f s heard in %.3f s, %s", request.clip, answer.duration, spent, found)
    engine = _node(http).engine
    model = engine.model if engine else ""
    return JSONResponse(wire.shown(answer, spent, model, timestamps=request.options.timestamps, first=first))


async def _models(http: HttpRequest) -> Response:
    engine = _node(http).engine
    return JSONResponse({"models": [{"name": engine.model, "demo": engine.demo}] if engine else []})


async def _health(http: HttpRequest) -> Response:
    node = _node(http)
    if node.failure:
        return JSONResponse({"status": "failed", "error": str(node.failure)}, 503)
    if node.scheduler is None:
        return JSONResponse({"status": "loading"}, 503, {"Retry-After": str(LOADING_RETRY_SECONDS)})
    if node.scheduler.trouble:
        return JSONResponse({"status": "failed", "error": node.scheduler.trouble}, 503)
    engine = node.scheduler.engine
    return JSONResponse(
        {
            "status": "ok",
            "engine": engine.name,
            "model": engine.model,
            "device": engine.device,
            "demo": engine.demo,
            "languages": list(engine.capabilities.languages),
            "translates": engine.capabilities.translates,
            "waiting": node.scheduler.waiting,
        }
    )


async def _capabilities(http: HttpRequest) -> Response:
    node = _node(http)
    if node.engine is None:
        raise HTTPException(503, "the model is being loaded", {"Retry-After": str(LOADING_RETRY_SECONDS)})
    can = node.engine.capabilities
    return JSONResponse(
        {
            "decodes": list(codec.CONTAINERS),
            "trims": True,
            "gates": node.config.aggressiveness is not None,
            "checks": True,
            "translates": can.translates,
            "timestamps": can.timestamps,
            "prompts": can.prompts,
            "scripts": ["Hant", "Hans"],
            "languages": list(can.languages),
            "model": node.engine.model,
            "demo": node.engine.demo,
            "batch": can.batch,
            "max_seconds": node.config.clip_max_seconds,
            "file_max_seconds": FILE_MAX_SECONDS,
        }
    )


async def _livez(http: HttpRequest) -> Response:
    return PlainTextResponse("ok")


async def _body(http: HttpRequest) -> bytes:
    live = http.query_params.get("priority") in LIVE
    messages = _limited(http, LIVE_MAX_BYTES) if live else _counted(http, _limited(http, FILE_MAX_BYTES))
    return await HttpRequest(http.scope, messages).body()


def _counted(http: HttpRequest, messages: Receive) -> Receive:
    """A recording's messages, as long as there is room in memory for what has come of all recordings."""
    state = http.app.state
    http.state.held = 0

    async def receive() -> Message:
        if state.held >= HELD_BYTES:
            raise turns.Overloaded("so many recordings wait that there is no room for this one now")
        message = await messages()
        size = len(message.get("body", b""))
        http.state.held += size  # `_answered` gives it back
        state.held += size
        return message

    return receive


def _limited(http: HttpRequest, limit: int) -> Receive:
    """The request's messages, until more than `limit` bytes have come or are announced."""
    announced = http.headers.get("content-length", "")
    received = int(announced) if announced.isdigit() and int(announced) > limit else 0

    async def receive() -> Message:
        nonlocal received
        if received <= limit:
            message = await http.receive()
            received += len(message.get("body", b""))
        if received > limit:
            raise TooLarge(f"more than {limit >> 20} MB")
        return message

    return receive


async def _unless_gone(http: HttpRequest, work: Coroutine[Any, Any, Answer]) -> Answer | None:
    """The answer, or None where the caller hangs up first: then the clip leaves the queue."""
    task = asyncio.create_task(work)
    gone = asyncio.create_task(_hung_up(http))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        gone.cancel()
        task.cancel()


async def _hung_up(http: HttpRequest) -> None:
    while (await http.receive())["type"] != "http.disconnect":
        pass


def _failed(error: Exception, clip: str) -> Response:
    status, wait = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), (500, None))
    retryable = bool(getattr(error, "retryable", False))
    if isinstance(error, EngineError) and error.retryable:
        status, wait = 503, BUSY_RETRY_SECONDS
    if status == 500:
        logger.error("clip %s: %s", clip, type(error).__name__, exc_info=not isinstance(error, EngineError))
    else:
        logger.info("clip %s: refused with %d, %s", clip, status, type(error).__name__)
    said = str(error) if status != 500 or isinstance(error, EngineError) else "internal error"
    headers = {"Retry-After": str(wait)} if wait else None
    told = {"success": False, "error": said, "retryable": retryable}
    if reason := getattr(error, "reason", ""):
        told["reason"] = reason  # one word for programs
    return JSONResponse(told, status, headers)


def _node(http: HttpRequest) -> Node:
    node: Node = http.app.state.node
    return node


async def _http_error(http: HttpRequest, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    shown = {"success": False, "error": error.detail, "retryable": error.status_code == 503}
    return JSONResponse(shown, error.status_code, error.headers)


def _report(task: asyncio.Task[scheduler.EngineBroken], on_failure: Callable[[Exception], None] | None) -> None:
    if task.cancelled():
        return
    error = task.exception() or task.result()
    if isinstance(error, Exception) and on_failure:
        on_failure(error)
