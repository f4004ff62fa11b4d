"""The commands: serve, transcribe, simulate, models, check. The one reader of the environment in speech."""

from __future__ import annotations

import argparse
import dataclasses
import io
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: spinning threads starve other processes

from speech import config, forced_exit
from speech.models import choice


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status says whether it worked."""
    options = _parser().parse_args(arguments)
    try:
        return _done(options)
    except (config.BadSetting, choice.ModelUnobtainable) as error:
        _say(f"speech cannot start: {error}")
        return 2
    except KeyboardInterrupt:
        forced_exit.within(forced_exit.LEAVE_SECONDS, forced_exit.INTERRUPTED)
        _say("interrupted")
        return forced_exit.INTERRUPTED
    except BrokenPipeError:  # whoever read has had enough, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter's last flush fails too
        return 1


def _done(options: argparse.Namespace) -> int:
    if options.command == "check":
        return _check(as_json=options.json)
    settings = config.read(os.environ)
    if options.command == "serve":
        from speech.server import process

        return process.serve(settings, options.host, options.port, stdin_pipe=options.stdin_pipe)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # whatever the terminal's: other programs read it
    if options.command == "models":
        return _models(settings, as_json=options.json)
    settings = dataclasses.replace(settings, model=options.model or settings.model)
    return _transcribe(settings, options) if options.command == "transcribe" else _simulate(settings, options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m speech", description="Audio in, text out.")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="answer over HTTP")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8010, help="0 takes a free one")
    serve.add_argument("--stdin-pipe", action="store_true", help="end when standard input is closed")
    _add_transcribe(commands.add_parser("transcribe", help="print what is said in files, an hour each at most"))
    _add_simulate(commands.add_parser("simulate", help="hear a file as if it were spoken now"))
    models = commands.add_parser("models", help="which models there are, what they need, and what fits here")
    models.add_argument("--json", action="store_true", help="one JSON object a model, a line each")
    check = commands.add_parser("check", help="say what it finds here, what is wrong, and the cure")
    check.add_argument("--json", action="store_true")
    return parser


def _add_heard(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", default="", metavar="NAME", help="instead of WHISPER_MODEL")
    parser.add_argument("--language", default="", help="spoken language; detected without it")
    parser.add_argument("--script", default="", help="Hant or Hans, for Chinese")


def _add_transcribe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    _add_heard(parser)
    forms = parser.add_mutually_exclusive_group()
    for form, means in (
        ("txt", "text, a line an utterance (unless another form is named)"),
        ("json", "one JSON object a file, a line each"),
        ("srt", "SubRip subtitles"),
        ("vtt", "WebVTT subtitles"),
    ):
        forms.add_argument(f"--{form}", dest="form", action="store_const", const=form, default="txt", help=means)
    parser.add_argument("--output-dir", type=Path, metavar="DIR", help="write a document a file there, print nothing")


def _add_simulate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")
    _add_heard(parser)
    parser.add_argument("--chunk", type=float, default=0.5, help="seconds of sound at a time")
    parser.add_argument("--start", type=float, default=0.0, help="seconds into the file")
    parser.add_argument("--end", type=float, help="seconds into the file; its end without it")
    parser.set_defaults(fast=False)
    pace = parser.add_mutually_exclusive_group()
    pace.add_argument("--realtime", dest="fast", action="store_false", help="as it was spoken (the default)")
    pace.add_argument("--fast", dest="fast", action="store_true", help="as fast as it can be heard")


def _check(*, as_json: bool) -> int:
    """What is found; 1 where it keeps speech from hearing."""
    from speech.diagnosis import diagnosis

    found = diagnosis.examine(os.environ)
    print(json.dumps(found.shown()) if as_json else "\n".join(diagnosis.lines(found)))  # noqa: T201
    return 0 if found.hears else 1


def _models(settings: config.Config, *, as_json: bool) -> int:
    from speech import without_numba
    from speech.cli import model_list

    here = model_list.machine(settings)
    found = model_list.models(settings, without_numba.whisper()._MODELS, here)
    shown = [json.dumps(one.shown(here)) for one in found] if as_json else model_list.lines(found, here)
    print("\n".join(shown), flush=True)  # noqa: T201
    return 0


def _transcribe(settings: config.Config, options: argparse.Namespace) -> int:
    from speech.cli import commands

    wanted = commands.TranscribeOptions(
        tuple(options.files), options.form, options.language, options.script, options.output_dir
    )
    return commands.transcribe(settings, wanted, _say)


def _simulate(settings: config.Config, options: argparse.Namespace) -> int:
    from speech.cli import simulate

    plan = simulate.SimulationPlan(
        options.file, options.chunk, options.start, options.end, options.language, options.script, options.fast
    )
    return simulate.simulate(settings, plan, _say)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
