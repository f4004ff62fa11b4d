"""Child process of the supervisor: start, output, restart with backoff, and stop."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
STEADY_S = 60.0  # a child that lived this long is healthy: its next pause is the first one again

HURRIED_S = 0.5  # for a child with a child of its own (Redis), which would be left behind by a kill

READY = "ready to serve: "  # what a child prints, followed by its address, once it can be spoken to
REFUSED = 2  # the exit status of a child that cannot start as it is set; starting it again would not help


def next_pause(pause: float, lived: float) -> float:
    """Seconds to wait before the next start, after the pause before and how long the child then lived."""
    return FIRST_PAUSE_S if lived >= STEADY_S or not pause else min(pause * 2, LONGEST_PAUSE_S)


@dataclass(frozen=True)
class ChildPlan:
    """How to start one child, and how it is to be treated."""

    name: str
    module: str  # what `python -m` runs
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    nice: bool = False  # it gives way to everything else
    drain_s: float = 5.0  # how long it may take to end once asked
    descriptors: tuple[int, ...] = ()  # open files of ours that it inherits


class ChildProcess:
    """Keeps one plan running, in a thread. `said` is given every line it prints, `died` each exit that nobody
    asked for: the status and the pause before the next start, in seconds. Neither is called in the caller's
    thread."""

    def __init__(self, plan: ChildPlan, said: Callable[[str], None], died: Callable[[int, float], None]) -> None:
        self.plan = plan
        self._said = said
        self._died = died
        self._process: subprocess.Popen[bytes] | None = None
        self._ending = threading.Event()
        self._starting = threading.Lock()
        self._keeper = threading.Thread(target=self._keep, name=f"keep {plan.name}", daemon=True)

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        process = self._process
        return process.pid if process and process.poll() is None else None

    def start(self) -> None:
        """Start it, and keep it running until `end`."""
        self._keeper.start()

    def end(self, hurry: threading.Event) -> None:
        """Ask it to end, and kill it when its time is over, or soon after `hurry` is set."""
        with self._starting:
            self._ending.set()
        self._signal(_ASK)
        deadline, hurried = time.monotonic() + self.plan.drain_s, False
        while self.pid and time.monotonic() < deadline:
            time.sleep(0.02)
            if hurry.is_set() and not hurried:
                hurried, deadline = True, min(deadline, time.monotonic() + HURRIED_S)
        if self.pid and self._process:
            self._process.kill()
        self._keeper.join(5)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # it ended in between
            if self._process:
                self._process.send_signal(number)

    def _keep(self) -> None:
        pause = 0.0
        while True:
            started = time.monotonic()
            with self._starting:
                if self._ending.is_set():
                    return
                process = self._process = self._spawn()
            code = process.wait()
            if self._ending.is_set():
                return
            pause = next_pause(pause, time.monotonic() - started)
            self._died(code, pause)
            self._ending.wait(pause)

    def _spawn(self) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(  # noqa: S603 - the command is made of our own words
            [sys.executable, "-m", self.plan.module, *self.plan.arguments],
            stdin=subprocess.PIPE,  # never written to: its end tells the child that we are gone
            stdout=subprocess.PIPE,
            env={**os.environ, **self.plan.environment, "PYTHONUNBUFFERED": "1"},
            # a Ctrl-C in the terminal reaches the supervisor alone, which ends us in the right order
            start_new_session=True,
            pass_fds=self.plan.descriptors,
            creationflags=_creation_flags(nice=self.plan.nice),
        )
        if self.plan.nice:
            _be_nice(process.pid)
        # the pipe may outlive the child in a grandchild's hands, so its end is not waited for
        threading.Thread(target=self._listen, args=(process,), daemon=True).start()
        return process

    def _listen(self, process: "subprocess.Popen[bytes]") -> None:
        for line in process.stdout or ():
            self._said(line.decode("utf-8", "replace").rstrip())


if sys.platform == "win32":
    _ASK = signal.CTRL_BREAK_EVENT

    def _creation_flags(*, nice: bool) -> int:
        priority = subprocess.BELOW_NORMAL_PRIORITY_CLASS if nice else 0
        return subprocess.CREATE_NEW_PROCESS_GROUP | priority

    def _be_nice(pid: int) -> None:
        """Windows was told at the start."""

else:
    _ASK = signal.SIGTERM

    def _creation_flags(*, nice: bool) -> int:
        return 0

    def _be_nice(pid: int) -> None:
        # right after the start there is one thread, whose priority all later ones inherit
        with contextlib.suppress(ProcessLookupError):
            os.setpriority(os.PRIO_PROCESS, pid, 5)
