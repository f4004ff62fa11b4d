"""Levels: how loud a recording is, and quiet speech raised for the voice detector, which is deaf to it. No torch."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from speech.audio.samples import SAMPLE_RATE, Audio

Levels = npt.NDArray[np.float64]
FRAME = 480  # samples: 30 ms
SILENCE_DB = -100.0  # what digital silence is called
TARGET_DB = -20.0  # dBFS that loud frames are raised to
MOST_DB = 40.0  # where speech stands out of the noise
MOST_UNEARNED_DB = 20.0  # elsewhere: what is as even as noise is not raised until it sounds like a voice
STANDS_OUT_DB = 5.0  # loud frames above quiet ones
SOUNDING_DB = 6.0
QUIETEST_DB = -80.0  # dBFS: what lies below is no sound, whatever the floor
SHORTEST_SOUND = 5  # frames
HOP_SECONDS = 0.5
WINDOW_SECONDS = 3.0  # the gain follows who speaks: somebody far from the microphone is raised more


def of_frames(audio: Audio) -> Levels:
    """The level of every 30 ms in dBFS; the last frame is padded with silence. `audio`: float32 (samples,), 16 kHz."""
    frames = np.pad(audio, (0, -len(audio) % FRAME)).reshape(-1, FRAME).astype(np.float64)
    return np.asarray(10 * np.log10((frames**2).mean(axis=1) + 10 ** (SILENCE_DB / 10)))


def floor(levels: Levels) -> float:
    """The noise floor: the level that a tenth of the frames stay below."""
    return float(np.percentile(levels, 10))


def sounding(audio: Audio) -> list[tuple[float, float]]:
    """Stretches that are not clearly silent, as (start, end) in seconds: louder than the noise floor by 6 dB for 150 ms
    and more."""
    if not audio.size:
        return []
    levels = of_frames(audio)
    loud = np.concatenate([[False], levels > max(floor(levels), QUIETEST_DB) + SOUNDING_DB, [False]])
    edges = np.flatnonzero(loud[1:] != loud[:-1]).reshape(-1, 2)
    return [
        (start * FRAME / SAMPLE_RATE, min(end * FRAME, len(audio)) / SAMPLE_RATE)
        for start, end in edges.tolist()
        if end - start >= SHORTEST_SOUND
    ]


def raised(audio: Audio) -> Audio:
    """Quiet speech brought up to a common level, as a detector wants it; never beyond full scale.

    The gain changes slowly with the speech around. Noise alone earns at most 20 dB, speech that stands out of it 40.
    """
    if not audio.size:
        return audio
    levels = of_frames(audio)
    hop, half = round(HOP_SECONDS * SAMPLE_RATE / FRAME), round(WINDOW_SECONDS * SAMPLE_RATE / FRAME / 2)
    middles = np.arange(0, len(levels), hop)
    loud = np.array([np.percentile(levels[max(0, at - half) : at + half], 90) for at in middles])
    wanted = np.clip(TARGET_DB - loud, 0.0, MOST_DB)
    common = min(MOST_UNEARNED_DB, max(0.0, TARGET_DB - float(np.percentile(levels, 90))))
    gains = np.where(loud - floor(levels) >= STANDS_OUT_DB, wanted, np.minimum(wanted, common))
    curve = np.interp(np.arange(len(audio)), middles * FRAME + FRAME / 2, gains)
    return np.clip(audio * 10 ** (curve / 20), -1.0, 1.0).astype(np.float32)
