"""One contestant in a process of its own: `python -m bench.turn` loads, warms up, and hears whenever it is told to.

A line in, a line of JSON out: the task first, then an empty line for each time. What is written when the lines end is
the most memory it took. So contestants take turns, and each one's memory is its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.task import OPENAI, OURS, Task

ROOT = Path(__file__).resolve().parents[1]


class Failed(Exception):
    """A contestant's process ended before its time."""


class Turn:
    """The process, seen from outside. Its errors come out where ours do."""

    def __init__(self, task: Task) -> None:
        """Raises `Failed` where the model cannot be loaded, or warmed up."""
        self.task = task
        self.seconds: list[float] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.turn"], text=True, encoding="utf-8", cwd=ROOT,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        ready = self._ask(task.as_json())
        self.dtype: str = ready["dtype"]
        self.texts: list[str] = ready["texts"]

    def take(self) -> None:
        """Hear once more. Raises `Failed`."""
        self.seconds.append(self._ask("")["seconds"])

    def end(self) -> float:
        """The most memory it took, in megabytes."""
        pipe_in, pipe_out = self._process.stdin, self._process.stdout
        assert pipe_in
        assert pipe_out
        pipe_in.close()
        most: float = self._answer(pipe_out.readline())["peak_memory_mb"]
        pipe_out.close()
        self._process.wait()
        return most

    def kill(self) -> None:
        """Whatever it is at; nothing where it has ended."""
        self._process.kill()
        self._process.wait()

    def _ask(self, line: str) -> dict[str, Any]:
        pipe_in, pipe_out = self._process.stdin, self._process.stdout
        assert pipe_in
        assert pipe_out
        try:
            pipe_in.write(line + "\n")
            pipe_in.flush()
        except BrokenPipeError:
            return self._answer("")
        return self._answer(pipe_out.readline())

    def _answer(self, line: str) -> dict[str, Any]:
        if not line:
            status = self._process.wait()
            raise Failed(f"{self.task.engine} with {self.task.model} ended with status {status}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def main() -> None:
    """The process, seen from inside."""
    from bench.clips import clips
    from bench.contestants import loaded
    from bench.memory import Peak

    task = Task.from_json(sys.stdin.readline())
    heard = clips(task.batch, task.clip_seconds)
    peak = Peak(task.device, torch=task.engine in (OURS, OPENAI))
    contestant = loaded(task)
    found = contestant.hear(heard)
    _say(dtype=contestant.dtype, texts=[text for text, _ in found])
    for _line in sys.stdin:
        began = time.perf_counter()
        found = contestant.hear(heard)
        seconds = time.perf_counter() - began
        _checked(task, [tokens for _, tokens in found])
        peak.look()
        _say(seconds=seconds)
    _say(peak_memory_mb=peak.megabytes())


def _checked(task: Task, tokens: Sequence[int]) -> None:
    """A figure for another number of tokens than was asked for would be no figure."""
    if task.tokens and set(tokens) != {task.tokens}:
        raise RuntimeError(f"{task.engine} wrote {list(tokens)} tokens instead of {task.tokens} for each clip")


def _say(**answer: object) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
