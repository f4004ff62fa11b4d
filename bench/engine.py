"""How fast the engine is beside its peers: the same weights, the same sound, the same machine, in turns.

Each row is a process of its own, so that its memory is its own. The processes of one setting take turns, so that
whatever else the machine does meets them all alike; the median of their times counts.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import operator
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from bench import machine, report
from bench.shapes import BUNDLED, SHAPES, Files, files
from bench.task import FASTER, OPENAI, OURS, Task
from bench.turn import Failed, Turn
from speech import loading

PAUSE_SECONDS = 0.05  # till the threads of who was at it before no longer spin
TOKENS_A_SECOND = 4  # of a clip: a brisk speaker
WINDOWS = ("padded", "bucketed")
ON_CPU, ON_GPU = (1, 8), (1, 2, 4, 8, 16, 32, 64)
COLUMNS = (
    "engine", "model", "device", "dtype", "beam", "batch", "window_seconds", "clip_seconds", "seconds_per_clip", "rtfx",
    "peak_memory_mb",
)  # fmt: skip
Row = dict[str, Any]


def main(arguments: Sequence[str]) -> int:
    """`bin/bench engine`. 1 where an engine could not be measured in some setting; the others' figures are there."""
    asked = _parser().parse_args(arguments)
    about = machine.described()
    print(machine.line(about), flush=True)
    rows: list[Row] = []
    failures: list[Failed] = []
    with tempfile.TemporaryDirectory() as folder:
        for tasks in _settings(asked, Path(folder)):
            rows += _measured(tasks, asked.repeat, failures)
            if asked.json:  # what was measured is kept, whatever ends the rest
                report.write(asked.json, {"machine": about, "rows": rows})
    heads = [name.replace("_", " ") for name in COLUMNS]
    print(f"\n{report.table(heads, [[row[name] for name in COLUMNS] for row in rows])}")
    print(f"\n{compared(rows)}")
    return 1 if failures else 0


def _settings(asked: argparse.Namespace, folder: Path) -> Iterator[Iterator[Task]]:
    """Those who take turns, a setting at a time. Checkpoints are made in `folder` when it is their turn."""
    device = _device(asked.device)
    batches = asked.batches or (ON_GPU if device.startswith("cuda") else ON_CPU)
    for model in asked.models:
        given = files(model, folder)
        for clip_seconds, batch, beam in itertools.product(asked.clip_seconds, batches, asked.beam):
            tokens = _tokens(model, clip_seconds, asked)
            tasks = _tasks(asked.engines, given, model, device, asked.dtype, batch, clip_seconds, tokens)
            yield map(partial(replace, beam=beam), tasks)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bin/bench engine", description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=_names, default=(BUNDLED, "tiny", "base", "small", "turbo"))
    parser.add_argument("--batches", type=_numbers, help="default: 1,8 on a processor, 1 to 64 on a GPU")
    parser.add_argument("--clip-seconds", type=_seconds, default=(5.0, 10.0, 20.0))
    parser.add_argument("--beam", type=_beams, default=(1,), help="how wide all search, 1 to 5; default: 1, greedily")
    parser.add_argument("--engines", type=_engines, help="default: all, ours in both windows")
    parser.add_argument("--tokens", type=int, help=f"for each clip; default: {TOKENS_A_SECOND} for each of its seconds")
    parser.add_argument("--repeat", type=int, default=5, help="turns of each, after one to warm up")
    parser.add_argument("--device", default="auto", help="as WHISPER_DEVICE")
    parser.add_argument("--dtype", default="auto", help="of ours, as WHISPER_DTYPE")
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    unknown = [name for name in names if name not in (BUNDLED, *SHAPES)]
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: there are {', '.join((BUNDLED, *SHAPES))}")
    return names


def _engines(text: str) -> tuple[str, ...]:
    names, known = tuple(text.split(",")), (OURS, OPENAI, *(FASTER + one for one in ("fp32", "fp16", "int8")))
    if not set(names) <= set(known):
        raise argparse.ArgumentTypeError(f"{text!r}: there are {', '.join(known)}")
    return names


def _beams(text: str) -> tuple[int, ...]:
    beams = _numbers(text)
    if not all(1 <= one <= 5 for one in beams):
        raise argparse.ArgumentTypeError(f"{text!r}: a beam is 1 to 5")
    return beams


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(one) for one in text.split(","))


def _seconds(text: str) -> tuple[float, ...]:
    return tuple(float(one) for one in text.split(","))


def _device(wanted: str) -> str:
    import torch

    return loading.chosen_device(wanted, torch.cuda.device_count() if torch.cuda.is_available() else 0)


def _tokens(model: str, clip_seconds: float, asked: argparse.Namespace) -> int | None:
    """What random weights write goes on for ever; the bundled model ends its sentences itself."""
    if model == BUNDLED:
        return None
    return asked.tokens or round(TOKENS_A_SECOND * clip_seconds)


def _tasks(
    engines: Sequence[str] | None,
    given: Files,
    model: str,
    device: str,
    dtype: str,
    batch: int,
    clip_seconds: float,
    tokens: int | None,
) -> Iterator[Task]:
    """Who takes part in one setting."""
    types = ("fp32", "fp16", "int8") if device.startswith("cuda") else ("fp32", "int8")
    for engine in engines or (OURS, OPENAI, *(FASTER + one for one in types)):
        for window in WINDOWS if engine == OURS else WINDOWS[:1]:
            if window == "padded" or window_seconds(window, clip_seconds) < window_seconds("padded", clip_seconds):
                where = (str(given.checkpoint), str(given.converted), device, dtype)
                yield Task(engine, model, *where, batch, clip_seconds, window, tokens)


def window_seconds(window: str, clip_seconds: float) -> float:
    """How much the encoder hears of a clip that is so long."""
    import numpy as np

    from speech.engines import SAMPLE_RATE, Row, encoder_window

    return encoder_window.seconds(Row(np.zeros(round(clip_seconds * SAMPLE_RATE), np.float32)), window)


def _measured(tasks: Iterator[Task], repeat: int, failures: list[Failed]) -> list[Row]:
    """The rows of one setting. An engine that fails, for want of memory say, has none, and is told of."""
    turns: list[Turn] = []
    try:
        for task in tasks:
            setting = f"{task.model}, {task.clip_seconds:g} s, beam {task.beam}, batch {task.batch}"
            print(f"{setting}: {task.engine}, {task.window}", flush=True)
            with _told(failures):
                turns.append(Turn(task))
        for _ in range(repeat):
            for turn in turns:
                time.sleep(PAUSE_SECONDS)
                with _told(failures):
                    turn.take()
        whole = [turn for turn in turns if len(turn.seconds) == repeat]
        said = {turn.task.engine: turn.texts for turn in whole}
        # random weights say nothing that a rounding could not change
        return [_row(turn, None if turn.task.tokens else said.get(OPENAI)) for turn in whole]
    finally:
        for turn in turns:
            turn.kill()


@contextlib.contextmanager
def _told(failures: list[Failed]) -> Iterator[None]:
    try:
        yield
    except Failed as error:
        print(f"  {error}: the reason is above", flush=True)
        failures.append(error)


def _row(turn: Turn, expected: list[str] | None) -> Row:
    """The figures of one process, which ends. `expected`: what openai-whisper wrote."""
    task = turn.task
    seconds = statistics.median(turn.seconds) / task.batch
    return {
        "engine": task.engine,
        "model": task.model,
        "device": task.device,
        "dtype": turn.dtype,
        "beam": task.beam,
        "batch": task.batch,
        "window_seconds": window_seconds(task.window, task.clip_seconds),
        "clip_seconds": task.clip_seconds,
        "seconds_per_clip": round(seconds, 5),
        "rtfx": round(task.clip_seconds / seconds, 2),
        "peak_memory_mb": turn.end(),
        "tokens": task.tokens,
        "texts_equal": expected and statistics.mean(map(operator.eq, map(str.strip, turn.texts), expected)),
        "spread": [round(min(turn.seconds) / task.batch, 5), round(max(turn.seconds) / task.batch, 5)],
    }


def compared(rows: Sequence[Row]) -> str:
    """A table of how many times faster ours is, clip by clip: than each peer one clip at a time, which is how they are
    used live, and than it with a batch as large as ours."""
    peers = list(dict.fromkeys(row["engine"] for row in rows if row["engine"] != OURS))
    found = {
        (row["engine"], row["model"], row["clip_seconds"], row["beam"], row["batch"]): row
        for row in rows
        if row["engine"] != OURS
    }
    lines = []
    for row in rows:
        if row["engine"] != OURS:
            continue
        line = [row[name] for name in ("model", "clip_seconds", "beam", "batch", "window_seconds")]
        for batch in (1, row["batch"]):
            for peer in peers:
                other = found.get((peer, row["model"], row["clip_seconds"], row["beam"], batch))
                line.append(round(other["seconds_per_clip"] / row["seconds_per_clip"], 2) if other else None)
        lines.append(line)
    heads = [f"x {peer}, {how}" for how in ("one at a time", "batch as ours") for peer in peers]
    return report.table(["model", "clip seconds", "beam", "batch", "window seconds", *heads], lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
