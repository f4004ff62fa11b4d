"""People's voices through the real model and the whole journey, and what memory that takes: prints it as JSON.
A process of its own: `python -m tests.speech.steady_people SECONDS`."""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import sys
import time

from bench.index import Recording
from speech import loading
from speech.config import Config
from speech.engines import Options
from speech.queue.turns import Priority
from speech.server.node import Node
from speech.transcription.transcription import Request
from tests import human_speech, real_model
from tests.speech.steady import resident

EARLY_SECONDS = 600.0  # by then every recording was heard once, and everything that is made once has been made
LIVE_SECONDS = 20.0  # what is longer is a file
SPEAKERS = 4


async def main(seconds: float) -> None:
    """Say the recordings again and again until so many seconds of them were heard."""
    engine = loading.load(Config(model=str(real_model.real_model())), lambda line: print(line, file=sys.stderr))
    node = Node(Config(), lambda: engine)
    await node.start()
    began, heard, marks = time.monotonic(), 0.0, []
    said = itertools.cycle(human_speech.recordings("human"))

    async def speak(speaker: str) -> None:
        nonlocal heard
        while heard < seconds:
            recording = next(said)
            await node.hear(_request(recording, speaker))
            before, heard = heard, heard + recording.seconds
            if before // EARLY_SECONDS < heard // EARLY_SECONDS:
                gc.collect()
                marks.append(round(resident(), 1))

    await asyncio.gather(*(speak(f"speaker {i}") for i in range(SPEAKERS)))
    spent = time.monotonic() - began
    await node.stop()
    print(json.dumps({"heard_seconds": round(heard), "seconds": round(spent), "mb_each_10_minutes": marks}))


def _request(recording: Recording, speaker: str) -> Request:
    live = recording.seconds <= LIVE_SECONDS
    priority = Priority.FINAL if live else Priority.FILE
    return Request(recording.sound, Options(language=recording.given), priority, speaker=speaker)


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1])))
