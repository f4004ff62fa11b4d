"""Error rates of ours, openai-whisper and faster-whisper on the recordings of an index, by language, with the time of
each."""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from bench import index, joined, machine, report, results, systems
from bench.results import FOUND, GIVEN, Result, Task
from speech import config
from speech.audio import codec
from speech.audio.decode_pool import DecoderUnstartable
from speech.engines import EngineError
from speech.models import choice

COLUMNS = (
    "lang", "system", "beam", "language", "measure", "recordings", "error_rate", "lost", "invented", "changed",
    "length", "with_text", "wrong_languages", "lost_edges", "seconds", "rtfx",
)  # fmt: skip
OF_SENTENCES = ("sentences", "lost_sentences", "lost_silently")
OF_EACH = (
    "file", "system", "beam", "language", "error_rate", "lost", "invented", "changed", "length", "heard_as",
    "lost_edge", "suppressed", "lost_sentences", "gaps", "seconds",
)  # fmt: skip
OF_TEXTS = ("reference", "text")
REFUSALS = (
    index.BadIndex, config.BadSetting, choice.ModelUnobtainable, codec.Undecodable, DecoderUnstartable, EngineError,
    OSError,
)  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    """`bin/bench accuracy --index`. 1 where a recording could not be heard by somebody, 2 where something that was
    asked for cannot be had."""
    asked = _parser().parse_args(arguments)
    about = machine.described()
    print(machine.line(about), flush=True)
    try:
        recordings = _recordings(asked)
        found = _measured(recordings, asked)
    except REFUSALS as error:
        print(error, file=sys.stderr)
        return 2
    rows = results.summary(found)
    each = results.each(found, texts=asked.texts)
    spoken = OF_SENTENCES if any(row["sentences"] for row in rows) else ()
    if asked.each or asked.texts:
        _show(each, (*OF_EACH, *(OF_TEXTS if asked.texts else ())))
    _show(rows, (*COLUMNS[:-2], *spoken, *COLUMNS[-2:]))
    if asked.json:
        how = {"model": asked.model, "index": str(asked.index.name), "joined": asked.joined, "seed": asked.seed}
        kept = {"recordings": each} if asked.each or asked.texts else {}
        report.write(asked.json, {"machine": about, **how, "rows": rows, **kept})
    return 1 if any(row["failed"] for row in rows) else 0


def _recordings(asked: argparse.Namespace) -> list[index.Recording]:
    """Those of the index, or the clips made of them."""
    there = index.read(asked.index)
    if asked.joined:
        there = joined.clips(there, asked.joined, asked.seed)
    if asked.lang:
        there = [one for one in there if one.language in asked.lang]
    if not there:
        raise index.BadIndex(f"{asked.index} has no recordings in {', '.join(asked.lang)}.")
    return there


def _measured(recordings: Sequence[index.Recording], asked: argparse.Namespace) -> list[Result]:
    """All results; how far it is, is told on the way."""
    settings = dataclasses.replace(config.read(os.environ), model=asked.model)
    tasks = [Task(one, told) for told in asked.language for one in systems.variants(asked.systems, asked.beams)]
    found: list[Result] = []
    with systems.loaded(asked.systems, settings) as there:
        for number, one in enumerate(results.run(recordings, tasks, there), 1):
            print(f"{number} of {len(recordings)}: {one[0].recording.name}", file=sys.stderr, flush=True)
            found += one
    return found


def _show(rows: Iterable[dict[str, Any]], columns: Sequence[str]) -> None:
    cells = [[_cell(row[name]) for name in columns] for row in rows]
    print(f"\n{report.table([name.replace('_', ' ') for name in columns], cells)}")


def _cell(value: Any) -> Any:
    """A value as the table has it: a list as numbers, a truth as a word."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return {True: "yes", False: ""}[value] if isinstance(value, bool) else value


def _parser() -> argparse.ArgumentParser:
    default = config.read(os.environ)
    parser = argparse.ArgumentParser(prog="bin/bench accuracy", description=__doc__)
    parser.add_argument(
        "--index", type=Path, required=True, metavar="FILE",
        help="JSON: a list of {file, lang, text} or {file, lang, sentences}; the files lie beside it",
    )  # fmt: skip
    parser.add_argument("--model", default=default.model, help="as WHISPER_MODEL, which is the default")
    parser.add_argument(
        "--systems", type=_of(systems.NAMES), default=systems.NAMES, help=f"default: {','.join(systems.NAMES)}"
    )  # fmt: skip
    parser.add_argument(
        "--beams", type=_of(("default", *"12345")), default=("default", "1", "5"),
        help="how wide to search; default: default,1,5, where default is each one's own",
    )  # fmt: skip
    parser.add_argument(
        "--language", type=_of((GIVEN, FOUND)), default=(GIVEN,),
        help="given (the default: as the index has it), found (by the model), or both",
    )  # fmt: skip
    parser.add_argument("--lang", type=lambda text: tuple(text.split(",")), default=(), help="only these of the index")
    parser.add_argument("--joined", type=int, metavar="N", help="instead: N clips of 2 to 3 recordings each language")
    parser.add_argument("--seed", type=int, default=1, help="of the joined clips")
    parser.add_argument("--each", action="store_true", help="a row for each recording too")
    parser.add_argument("--texts", action="store_true", help="... with what was said and heard")
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser


def _of(allowed: Sequence[str]) -> Any:
    """A list of these, as an option has it."""

    def read(text: str) -> tuple[str, ...]:
        names = tuple(text.split(","))
        if not set(names) <= set(allowed):
            raise argparse.ArgumentTypeError(f"{text!r}: there are {', '.join(allowed)}")
        return names

    return read
