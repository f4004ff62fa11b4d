"""Web process: Daphne with `meeting.asgi`, the sweep beside it, and a shutdown that loses nothing."""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meeting.settings")

from daphne.endpoints import build_endpoint_description_strings
from daphne.server import Server, reactor
from django.core.exceptions import ImproperlyConfigured

from meeting import listening_socket
from meeting.https import shared_port
from meeting.serving import backpressure
from meeting.supervisor import parent_pipe
from meeting.supervisor.child_process import READY, REFUSED

DRAIN_S = 15.0
CLOSE_S = 5  # seconds for the answer to a close frame
DRAIN_WITHOUT_SUPERVISOR_S = 2.0  # its Redis and its speech process are going as well
COLLECT_AFTER = (10_000, 10, 10)  # objects made and not freed, and rounds of the younger generations; Python's own: 700

log = logging.getLogger(__name__)


class WebServer(Server):
    """Daphne's server that ends its applications even while idle connections are open."""

    def kill_all_applications(self) -> Any:
        """Daphne's own trips over connections that have no application (yet, or any more)."""
        idle = [protocol for protocol, entry in self.connections.items() if "application_instance" not in entry]
        for protocol in idle:
            del self.connections[protocol]
        return super().kill_all_applications()

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """Daphne's own never waits: a file for a slow reader would lie in memory, all of it."""
        if message.get("type") != "http.response.body":
            await super().handle_reply(protocol, message)
        elif message.get("more_body"):
            pieces = backpressure.begin(protocol)
            await super().handle_reply(protocol, message)
            if pieces is not None:
                await pieces.room()
        else:
            backpressure.end(protocol)
            await super().handle_reply(protocol, message)

    def listen(self, endpoint: Any, pair: tuple[Path, Path] | None) -> None:
        """Listen for plain HTTP; with a certificate and its key on the same port for HTTPS."""
        self.http_factory.log = _unwritten
        listener = endpoint.listen(shared_port.SharedPort(self.http_factory, *pair) if pair else self.http_factory)
        listener.addCallback(self.listen_success)
        listener.addErrback(self.listen_error)
        self.listeners.append(listener)

    def listen_error(self, failure: Any) -> None:
        """Daphne's own notices only what fails before the loop runs."""
        self.abort_start = True
        super().listen_error(failure)

    def stop_accepting(self) -> None:
        """Close the listening sockets; open connections go on."""
        for listener in self.listeners:
            listener.addCallback(_stop_listening)


def _unwritten(_request: Any) -> None:
    """Twisted would word a line about each request for a log that nobody keeps."""


def _stop_listening(port: Any) -> Any:
    return port.stopListening() if port is not None else None


class WebProcess:
    """One web process, from its first request to its last."""

    def __init__(self, host: str, port: int, application: Any, pair: tuple[Path, Path] | None = None) -> None:
        self._host = host
        self._port = port
        self._pair = pair  # certificate and key, where we speak HTTPS
        self._background: set[asyncio.Task[None]] = set()
        self._draining = False
        self._loop = reactor._asyncioEventloop
        self.server = WebServer(
            application,
            endpoints=build_endpoint_description_strings(host=host, port=port),
            signal_handlers=False,
            ready_callable=self._ready,
            websocket_max_message_size=128 * 1024,  # ours are 64 KB at most; the consumer says so in words
            websocket_max_frame_size=128 * 1024,
            websocket_timeout=-1,  # a meeting may last longer than a day
            ping_interval=10,  # a browser that vanished without a word is gone after 35 s at most
            ping_timeout=25,
            request_buffer_size=64 * 1024,
            server_name="meeting",
        )
        self.server.endpoints = []  # ours is opened when the loop runs, and speaks both kinds on one port

    def run(self) -> int:
        """Serve until asked to end. Returns the exit status."""
        for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._asked)
        if "--stdin-pipe" in sys.argv:
            parent_pipe.when_cut(self._cut, patience=DRAIN_WITHOUT_SUPERVISOR_S + 3)
        endpoint = listening_socket.endpoint(self._host, self._port, listening_socket.inherited(sys.argv))
        reactor.callWhenRunning(self.server.listen, endpoint, self._pair)
        self.server.run()
        return 1 if self.server.abort_start else 0

    def _asked(self, _signal: int, _frame: FrameType | None) -> None:
        self._loop.call_soon_threadsafe(self._drain, DRAIN_S)

    def _cut(self) -> None:
        self._loop.call_soon_threadsafe(self._drain, DRAIN_WITHOUT_SUPERVISOR_S)

    def _ready(self) -> None:
        from meet import sweep

        # who sends too large a frame is told so by a close code (1009) before the line is dropped, and has longer than
        # autobahn's one second to answer it: on a slow line or a busy machine the code would be lost
        self.server.ws_factory.setProtocolOptions(failByDrop=False, closeHandshakeTimeout=CLOSE_S)
        self._keep(sweep.run(), "sweep")
        self._keep(self._announce(), "announce")

    async def _announce(self) -> None:
        from meeting import settings

        host = f"[{self._host}]" if ":" in self._host and "[" not in self._host else self._host
        notes = [f"{READY}{'https' if self._pair else 'http'}://{host}:{self._port}"]
        if settings.WEB_NAME in ("web", "web-1") and not await _has_administrator():  # said once
            notes.append(f"No administrator yet. Make the first one: {_python()} manage.py createsuperuser")
        sys.stdout.write("\n".join(notes) + "\n")
        sys.stdout.flush()

    def _keep(self, work: Any, name: str) -> None:
        task = self._loop.create_task(work, name=name)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        task.add_done_callback(_report)

    def _drain(self, seconds: float) -> None:
        if not self._draining:
            self._draining = True
            self.server.stop_accepting()
            self._keep(self._finish(seconds), "drain")

    async def _finish(self, seconds: float) -> None:
        from meet import pipeline, translation

        try:
            async with asyncio.timeout(seconds + 1):
                await pipeline.drain(seconds)
        except TimeoutError:
            log.warning("what was under way did not end within %d s; the next start picks it up", seconds)
        finally:
            await translation.close()  # what it holds is another process's at once
            self.server.stop()


def _report(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("background task %s failed", task.get_name(), exc_info=error)
        os._exit(1)  # the supervisor starts a whole process again rather than letting half a one serve


def _python() -> str:
    """This very Python, as one would type it here: on a bare machine another one has no Django."""
    here, python = Path.cwd(), Path(sys.executable)
    return str(python.relative_to(here) if python.is_relative_to(here) else python)


def _spare_the_collector() -> None:
    """What is loaded now stays for good, and a request makes thousands of objects that go by themselves.

    Left alone, Python walks through all of Django again and again while people come: an eighth of a join's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


async def _has_administrator() -> bool:
    from django.contrib.auth import get_user_model

    return bool(await get_user_model().objects.filter(is_superuser=True, is_active=True).aexists())


def main() -> int:
    """Load Django and serve."""
    import django

    try:
        from meeting import settings

        django.setup()
        from meeting.asgi import application
    except ImproperlyConfigured as error:
        sys.stderr.write(f"web: {error}\n")
        return REFUSED
    _spare_the_collector()
    pair = (settings.HTTPS_CERT, settings.HTTPS_KEY) if settings.HTTPS_CERT and settings.HTTPS_KEY else None
    return WebProcess(settings.HOST, settings.PORT, application, pair).run()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
