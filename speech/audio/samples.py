"""Audio samples: the sample rate, the array type and a span of time that the whole speech tier works with. No torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 16_000  # Hz: what Whisper hears
Audio = npt.NDArray[np.float32]  # (samples,), mono, within +-1


@dataclass(frozen=True)
class Span:
    """A stretch of speech, seconds from the clip's start."""

    start: float
    end: float
