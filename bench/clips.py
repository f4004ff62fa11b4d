"""Real speech to measure with: the bundled recordings, each made as long as is asked for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tests.sentences import sentences

Audio = npt.NDArray[np.float32]
LANGUAGE = "en"  # whisper.decode has one language a batch
SAMPLE_RATE = 16_000


def clips(count: int, seconds: float) -> list[Audio]:
    """`count` clips of one sentence each with silence behind it, float32 (samples,), 16 kHz. All differ up to the
    number of recordings."""
    spoken = sentences(LANGUAGE, exact=True)
    length = round(seconds * SAMPLE_RATE)
    return [
        np.pad(audio := spoken[i % len(spoken)].audio[:length], (0, length - len(audio))).astype(np.float32)
        for i in range(count)
    ]
