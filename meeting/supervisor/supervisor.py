"""Supervisor of one `serve`: starts Redis, speech and web, restarts them when they die, stops them in order.

It loads neither Django's apps nor torch, so nothing that a child can do reaches it."""

import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import FrameType

from meeting import listening_socket, settings
from meeting.https.encryption import Encryption
from meeting.supervisor import private_redis, startup_message
from meeting.supervisor.child_process import READY, REFUSED, ChildPlan, ChildProcess
from meeting.supervisor.console import say

REDIS_PATIENCE_S = 10.0
WEB_DRAIN_S = 20.0  # web itself drains for 15
SPEECH_DRAIN_S = 20.0


class Supervisor:
    """One `serve`, from its first child to the end of its last."""

    def __init__(self, listener: socket.socket, encryption: Encryption | None) -> None:
        self._listener = listener
        self._encryption = encryption
        self._tiers: list[list[ChildProcess]] = []  # in the order in which they start; they end in the opposite one
        self._stop = threading.Event()
        self._hurry = threading.Event()
        self._status = 0
        self._listened = False
        self._ready: set[str] = set()
        self._notes: list[str] = []

    def run(self, folder: Path) -> int:
        """Start everything, wait to be asked to end, end everything. Returns the exit status."""
        self._listen_to_signals()
        with private_redis.socket_in(folder) as redis_socket:
            self._start_all(redis_socket)
            while not self._stop.wait(0.5):  # with a time limit: Windows tells of a Ctrl-C only in between
                pass
            say("Ending: finishing what is under way (Ctrl-C again ends at once) ...")
            self._listener.close()  # each web process closes its own: nobody comes in any more
            for tier in reversed(self._tiers):
                self._end(tier)
        say("Ended.")
        return self._status

    def _listen_to_signals(self) -> None:
        """The first signal drains, the second ends at once."""

        def asked(_signal: int, _frame: FrameType | None) -> None:
            (self._hurry if self._stop.is_set() else self._stop).set()

        for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGBREAK"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), asked)

    def _start_all(self, redis_socket: Path) -> None:
        """Web last, and so ended first: it speaks to the other two."""
        redis = self._redis(redis_socket)
        if not redis and settings.WEB_PROCESSES > 1:
            self._refuse(
                f"WEB_PROCESSES={settings.WEB_PROCESSES} needs a Redis: through memory one process does not hear of "
                f"another's captions. {self._notes[-1]} Install it, set REDIS_URL, or leave WEB_PROCESSES at 1."
            )
            return
        speech, token = self._speech()
        self._start(*self._webs({"REDIS_URL": redis, "SPEECH_URL": speech, "SPEECH_TOKEN": token}))

    def _webs(self, environment: Mapping[str, str]) -> Iterator[ChildPlan]:
        """As many web processes as are set, all on the one socket."""
        inherited = listening_socket.INHERITABLE
        passed = (self._listener.fileno(),) if inherited else ()
        arguments = ("--stdin-pipe", *(f"{listening_socket.ARGUMENT}{descriptor}" for descriptor in passed))
        if not inherited:
            self._listener.close()  # it has shown that the address is free; the one process opens its own
        for number in range(1, settings.WEB_PROCESSES + 1):
            name = "web" if settings.WEB_PROCESSES == 1 else f"web-{number}"
            own = {**environment, "WEB_NAME": name}
            yield ChildPlan(name, "meeting.web", arguments, own, drain_s=WEB_DRAIN_S, descriptors=passed)

    def _start(self, *plans: ChildPlan) -> list[ChildProcess]:
        """Start children that end together."""
        tier = [ChildProcess(plan, partial(self._heard, plan.name), partial(self._died, plan.name)) for plan in plans]
        self._tiers.append(tier)
        for child in tier:
            child.start()
        return tier

    def _end(self, tier: Sequence[ChildProcess]) -> None:
        """End children at the same time: each may take its time to finish what is under way."""
        ends = [threading.Thread(target=child.end, args=(self._hurry,)) for child in tier]
        for end in ends:
            end.start()
        for end in ends:
            end.join()

    def _refuse(self, why: str) -> None:
        """End the whole: it cannot run as it is set."""
        say(f"Not started: {why}")
        self._status = REFUSED
        self._stop.set()

    def _redis(self, path: Path) -> str:
        """The address of the channel layer: the one that is set, our own, or none (memory)."""
        if settings.REDIS_URL:
            self._notes.append("Channel layer: the Redis of REDIS_URL.")
            return settings.REDIS_URL
        if not private_redis.installed():
            self._notes.append("Channel layer: memory, for one web process (redis-server is not installed).")
            return ""
        tier = self._start(ChildPlan("redis", "meeting.supervisor.private_redis", (str(path),)))
        if not self._until(lambda: private_redis.answers(path), REDIS_PATIENCE_S):
            self._end(tier)
            self._tiers.remove(tier)
            reason = f"redis-server did not answer: see {path.with_suffix('.log')}"
            self._notes.append(f"Channel layer: memory, for one web process ({reason}).")
            return ""
        self._notes.append(f"Channel layer: a Redis of our own on {path}.")
        return f"unix://{path}"

    def _until(self, true: Callable[[], bool], patience: float) -> bool:
        deadline = time.monotonic() + patience
        while not true():
            if time.monotonic() > deadline or self._stop.wait(0.05):
                return False
        return True

    def _speech(self) -> tuple[str, str]:
        """The address and the token of the speech tier: the one that is set, or a child's."""
        if settings.SPEECH_URL:
            self._notes.append(f"Speech: the server at {settings.SPEECH_URL}, which hears what people say.")
            return settings.SPEECH_URL, settings.SPEECH_TOKEN
        token = settings.SPEECH_TOKEN or secrets.token_urlsafe(32)
        port = _free_port()  # chosen once: web goes on with the same address after a restart of speech
        arguments = ("serve", "--host", "127.0.0.1", "--port", str(port), "--stdin-pipe")
        environment = {
            "SPEECH_TOKEN": token,
            # OpenMP's threads spin while they wait, which starves whoever else computes on this machine
            "OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "PASSIVE"),
        }
        self._start(ChildPlan("speech", "speech", arguments, environment, nice=True, drain_s=SPEECH_DRAIN_S))
        address = f"http://127.0.0.1:{port}"
        threading.Thread(target=self._tell_model, args=(address, token), daemon=True).start()
        return address, token

    def _tell_model(self, address: str, token: str) -> None:
        line = startup_message.model(address, token, self._stop.is_set)
        if line:
            self._ready.add("speech")  # from now on its end is a fault to recover from, not a refusal to start
            say(line)

    def _heard(self, name: str, line: str) -> None:
        """A child printed a line: its own words are passed on, `READY` becomes what the start says."""
        if not line.startswith(READY):
            say(line)
            return
        before = name in self._ready
        self._ready.add(name)
        if before:
            say(f"{name} is back.")
        if self._listened:
            return
        self._listened = True
        for note in (*self._where(line.removeprefix(READY)), *self._notes, *startup_message.where_things_go()):
            say(note)

    def _where(self, address: str) -> list[str]:
        """The lines about the address. Where HTTPS is spoken, one that the certificate is for."""
        if not self._encryption:
            return [f"Listening on {address}"]
        port = int(address.rpartition(":")[2])
        return [f"Listening on {self._encryption.address(port)}", *self._encryption.lines(port)]

    def _died(self, name: str, status: int, pause: float) -> None:
        """A child ended unasked: it starts again, unless it says that this would not help."""
        if status == REFUSED and name not in self._ready:
            self._refuse(f"{name} refused to start; the reason is above.")
            return
        say(f"{name} ended unasked (status {status}); it starts again in {pause:g} s.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
