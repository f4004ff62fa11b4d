"""What is said in files, printed. The server's journey without a server."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from pathlib import Path

from speech import codec, loading
from speech.config import Config
from speech.engines import EngineError, Options
from speech.intake import Unstartable
from speech.node import Node, Request, Unusable
from speech.scheduler import Broken
from speech.weights import Say


def transcribe(config: Config, files: list[Path], language: str, script: str, *, as_json: bool, say: Say) -> int:
    """Print the text of each file, or a JSON object a line. 1 where some file could not be heard."""
    options = Options(language=language or None, timestamps=as_json)
    return asyncio.run(_all(config, files, options, script, as_json=as_json, say=say))


async def _all(config: Config, files: list[Path], options: Options, script: str, *, as_json: bool, say: Say) -> int:
    node = Node(config, lambda: loading.load(config, say))
    await node.start()
    failed = 0
    try:
        for path in files:
            try:
                answer = await node.hear(Request(path.read_bytes(), options, script=script))
            except (OSError, codec.Undecodable, Unstartable, Unusable, Broken, EngineError) as error:
                say(f"{path}: {error}")
                failed = 1
                continue
            shown = json.dumps({"file": str(path), **dataclasses.asdict(answer)}, ensure_ascii=False)
            print(shown if as_json else answer.text, flush=True)  # noqa: T201
    finally:
        await node.stop()
    return failed
