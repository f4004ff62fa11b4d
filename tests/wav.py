"""Recordings as arrays."""

from pathlib import Path

import numpy as np
import soundfile

from tests.browser.capture_page import Audio


def read_wav(path: Path) -> Audio:
    """A 16 kHz mono file as float32 (samples,)."""
    sound, rate = soundfile.read(path, dtype="float32")
    assert rate == 16_000, f"{path.name} has {rate} Hz"
    return np.asarray(sound, dtype=np.float32)
