"""Many short clips through the real journey, from a clip's bytes to its text, and what memory that takes: prints it as
JSON. A process of its own: `python -m tests.speech.steady CLIPS`."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
from pathlib import Path

import numpy as np

from speech import codec, weights
from speech.config import Config
from speech.engines import SAMPLE_RATE, Engine, Options
from speech.node import Node, Request
from speech.turns import Priority
from tests.speech import sounds

EARLY = 1000  # by then everything that is made once has been made
SPEAKERS = 12
OPTIONS = Options(language="en", max_tokens=1, fallback=False, window="bucketed")  # the least work a clip can be


def resident() -> float:
    """MB of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def loaded() -> Engine:
    from speech.engines.whisper import WhisperEngine

    return WhisperEngine(weights.DEMO, model="demo", demo=True, device="cpu", dtype="float32")


def clip(number: int) -> bytes:
    """Half a second to a second of a sentence, each another: no buffer fits two of them by chance."""
    sentences = sounds.sentences("en")
    sentence = sentences[number % len(sentences)].audio
    length = SAMPLE_RATE // 2 + 37 * number % (SAMPLE_RATE // 2)
    return codec.as_wav(np.ascontiguousarray(sentence[SAMPLE_RATE // 4 :][:length]))


async def main(clips: int) -> None:
    node = Node(Config(model="demo"), loaded)
    await node.start()
    began, heard, early, peak = time.monotonic(), 0, 0.0, 0.0
    numbers = iter(range(clips))

    async def speak(speaker: str) -> None:
        nonlocal heard, early, peak
        for number in numbers:
            priority = Priority.FINAL if number % 3 else Priority.PARTIAL
            await node.hear(Request(clip(number), OPTIONS, priority, speaker=speaker))
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
    asyncio.run(main(int(sys.argv[1])))
