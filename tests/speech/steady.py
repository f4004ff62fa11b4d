"""Many short clips through the real journey, from a clip's bytes to its text, and what memory that takes: prints it as
JSON. A process of its own: `python -m tests.speech.steady CLIPS`."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from speech.audio import codec
from speech.config import Config
from speech.engines import SAMPLE_RATE, Engine, Options
from speech.queue.turns import Priority
from speech.server.node import Node
from speech.transcription.transcription import Request
from tests.speech import sounds
from tests.speech.checkpoints import MULTILINGUAL, random_checkpoint

EARLY = 1000  # by then everything that is made once has been made
SPEAKERS = 12
CHEAP = Options(language="en", max_tokens=1, fallback=False, window="bucketed")  # the least work a clip can be
OPTIONS = (
    *[CHEAP] * 6,
    replace(CHEAP, language=None),
    replace(CHEAP, timestamps=True, max_tokens=4),
    replace(CHEAP, prompt="what was said before", max_tokens=2),
    replace(CHEAP, words=True, max_tokens=3),
    replace(CHEAP, window="padded", language="ja"),
)


def resident() -> float:
    """MB of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def loaded(folder: Path) -> Engine:
    """Every step of the engine, with weights so few that thousands of clips are minutes."""
    from speech.engines.whisper import WhisperEngine

    path = random_checkpoint(folder / "small.pt", MULTILINGUAL)
    return WhisperEngine(path, model="small.pt", demo=False, device="cpu", dtype="float32")


def clip(number: int) -> bytes:
    """Half a second to a second of a sentence, each another: no buffer fits two of them by chance."""
    sentences = sounds.sentences("en")
    sentence = sentences[number % len(sentences)].audio
    length = SAMPLE_RATE // 2 + 37 * number % (SAMPLE_RATE // 2)
    return codec.as_wav(np.ascontiguousarray(sentence[SAMPLE_RATE // 4 :][:length]))


async def main(clips: int, folder: Path) -> None:
    node = Node(
        Config(model="demo", aggressiveness=None), lambda: loaded(folder)
    )  # no gate: the model hears every clip
    await node.start()
    began, heard, early, peak = time.monotonic(), 0, 0.0, 0.0
    numbers = iter(range(clips))

    async def speak(speaker: str) -> None:
        nonlocal heard, early, peak
        for number in numbers:
            priority = Priority.FINAL if number % 3 else Priority.PARTIAL
            await node.hear(Request(clip(number), OPTIONS[number % len(OPTIONS)], priority, speaker=speaker))
            heard += 1
            if heard % 100 == 0:
                peak = max(peak, resident())
            if heard == min(EARLY, clips // 10):
                gc.collect()
                early = resident()

    await asyncio.gather(*(speak(f"speaker {i}") for i in range(SPEAKERS)))
    spent = time.monotonic() - began
    gc.collect()
    late = resident()
    await node.stop()
    figures = {"clips": clips, "heard": heard, "seconds": spent, "early_mb": early, "late_mb": late, "peak_mb": peak}
    print(json.dumps(figures))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(main(int(sys.argv[1]), Path(folder)))
