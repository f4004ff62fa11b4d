"""The speech tier's commands: serve, transcribe, models, check. The one reader of the environment in speech."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: spinning threads starve other processes

from speech import config, weights


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status says whether it worked."""
    options = _parser().parse_args(arguments)
    if options.command == "check":
        return _check(as_json=options.json)
    try:
        settings = config.read(os.environ)
        if options.command == "serve":
            from speech import serving

            return serving.serve(settings, options.host, options.port, stdin_pipe=options.stdin_pipe)
        if options.command == "models":
            return _models(settings, as_json=options.json)
        return _transcribe(settings, options)
    except (config.BadSetting, weights.Unobtainable) as error:
        _say(f"speech cannot start: {error}")
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m speech", description="Audio in, text out.")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="answer over HTTP")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8010, help="0 takes a free one")
    serve.add_argument("--stdin-pipe", action="store_true", help="end when standard input is closed")
    transcribe = commands.add_parser("transcribe", help="print what is said in files")
    transcribe.add_argument("files", nargs="+", type=Path, metavar="FILE")
    transcribe.add_argument("--language", default="", help="spoken language; detected without it")
    transcribe.add_argument("--script", default="", help="Hant or Hans, for Chinese")
    transcribe.add_argument("--json", action="store_true", help="one JSON object a file")
    models = commands.add_parser("models", help="list the models there are")
    models.add_argument("--json", action="store_true")
    check = commands.add_parser("check", help="say what it finds here, what is wrong, and the cure")
    check.add_argument("--json", action="store_true")
    return parser


def _check(*, as_json: bool) -> int:
    """What is found; 1 where it keeps speech from hearing."""
    from speech import diagnosis

    found = diagnosis.examine(os.environ)
    print(json.dumps(found.shown()) if as_json else "\n".join(diagnosis.lines(found)))  # noqa: T201
    return 0 if found.hears else 1


def _models(settings: config.Config, *, as_json: bool) -> int:
    import whisper

    rows: list[dict[str, str | bool]] = [{"name": "demo", "path": str(weights.DEMO), "present": weights.DEMO.is_file()}]
    for name, url in whisper._MODELS.items():
        path = settings.model_dir / url.rsplit("/", 1)[-1]
        rows.append({"name": name, "path": str(path), "present": path.is_file()})
    for row in rows:
        print(json.dumps(row) if as_json else f"{row['name']:16} {_presence(row)}")  # noqa: T201
    return 0


def _presence(row: dict[str, str | bool]) -> str:
    return str(row["path"]) if row["present"] else "not downloaded"


def _transcribe(settings: config.Config, options: argparse.Namespace) -> int:
    from speech import commands

    return commands.transcribe(
        settings, options.files, options.language, options.script, as_json=options.json, say=_say
    )


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
