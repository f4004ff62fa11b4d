"""The server's life: socket, model in the background, the announced address, and a bounded end."""

from __future__ import annotations

import logging
import logging.handlers
import os
import signal
import socket
import sys
import threading

import uvicorn

from speech import forced_exit, loading
from speech.audio.decode_pool import DecoderUnstartable
from speech.config import BadSetting, Config
from speech.queue.scheduler import EngineBroken
from speech.server.app import create_app
from speech.server.node import Node

KEEP_ALIVE_SECONDS = 75  # longer than callers keep theirs, so that no request meets a closing connection
NICENESS = 5
DRAIN_SECONDS = 10.0  # for requests in flight when the end is asked for
HARD_END_SECONDS = DRAIN_SECONDS + 5
LOG_BYTES = 10 << 20
REFUSED = 2  # a start that would fail again; any other failure is worth a fresh start


def serve(config: Config, host: str, port: int, *, stdin_pipe: bool) -> int:
    """Serve until SIGTERM, Ctrl-C, or (with `stdin_pipe`) the end of standard input. Returns the exit status."""
    _start_logging(config)
    _be_nice()
    listener = _bound(host, port)
    failures: list[Exception] = []
    node = Node(config, lambda: loading.load(config, _say), workers=max(1, min(4, loading.processors() // 2)))
    server: _Server

    def fail(error: Exception) -> None:
        failures.append(error)
        server.should_exit = True

    server = _Server(_settings(create_app(node, on_failure=fail)), listener, node)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)  # uvicorn's own handlers drain; afterwards it raises them again
    if stdin_pipe:
        threading.Thread(target=_end_with_stdin, args=(server,), daemon=True).start()
    server.run(sockets=[listener])
    status = max(map(_status, failures), default=0)
    forced_exit.within(forced_exit.LEAVE_SECONDS, status)
    return status


def _status(failure: Exception) -> int:
    """Tell the operator what failed, and whoever started us whether to start us again."""
    if isinstance(failure, EngineBroken | DecoderUnstartable):
        _say(f"speech ends, for a fresh start to mend: {failure}")
        return 1
    _say(f"speech cannot start: {failure}")
    return REFUSED


class _Server(uvicorn.Server):
    """Says where it listens, once it does; asked to end, it finishes finals and sends files away."""

    def __init__(self, config: uvicorn.Config, listener: socket.socket, node: Node) -> None:
        super().__init__(config)
        self._listener = listener
        self._node = node

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._node.wind_down()  # before the requests in flight are waited for
        await super().shutdown(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        host, port = self._listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        print(f"Speech listening on http://{shown}:{port}", flush=True)  # noqa: T201


def _settings(app: object) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        log_config=None,
        log_level="warning",  # its own news of starting and ending is ours to tell
        access_log=False,  # a query may hold a prompt, which people said
        lifespan="on",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=int(DRAIN_SECONDS),
        server_header=False,
    )


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind)
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except (OSError, OverflowError) as error:
        raise BadSetting(f"{host}:{port} cannot be listened on ({error}). Give --host and --port.") from error
    return listener


def _start_logging(config: Config) -> None:
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    if config.log_dir:
        try:
            config.log_dir.mkdir(parents=True, exist_ok=True)
            path = config.log_dir / "speech.log"
            handlers.append(
                logging.handlers.RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=3, encoding="utf-8")
            )
        except OSError as error:
            raise BadSetting(f"LOG_DIR={str(config.log_dir)!r} cannot be written to ({error}).") from error
    logging.basicConfig(level=logging.INFO, handlers=handlers, format="%(asctime)s %(levelname)s %(name)s: %(message)s")


def _be_nice() -> None:
    """Leave the processor to whoever answers people, unless the starter has seen to it."""
    if hasattr(os, "nice") and os.nice(0) == 0:
        os.nice(NICENESS)


def _end_with_stdin(server: uvicorn.Server) -> None:
    """The other end of standard input is the parent's: when it closes, nobody is left to answer."""
    # not sys.stdin.read: a lock held by a daemon thread inside a buffered reader aborts the interpreter's exit
    while os.read(sys.stdin.fileno(), 4096):
        pass
    server.should_exit = True
    forced_exit.within(HARD_END_SECONDS, 1)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201
