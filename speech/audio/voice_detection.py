"""Where in a clip somebody speaks: WebRTC's voice activity detector, less what is too steady for a voice. No torch.

The detector takes any loud noise for speech: ten seconds of a fan are ten seconds of voice to it. But speech
swells and fades with every syllable, by 11 dB and more even with the noise only 5 dB below it (measured: fan
noise, 72 sentences), while the level of white, pink and brown noise, hum and fans, taken over 90 ms, stays within
1.1 dB, through Opus too. So a stretch of "speech" without such swelling is left out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import webrtcvad

from speech.audio import levels
from speech.audio.samples import SAMPLE_RATE, Span

FRAME_MS = 30
FRAME = SAMPLE_RATE * FRAME_MS // 1000  # 480 samples
WINDOW = 5  # a frame counts when NEEDED of the WINDOW around it are voiced
NEEDED = 3
HANGOVER_MS = 300  # pauses shorter than this lie inside a span
# 200 ms out of any test sentence give 240 ms of voiced frames and more; a new detector calls up to 120 ms of any
# noise speech before it has settled
MINIMUM_MS = 150
STEADY_DB = 1.6  # level within a block, from the 10th to the 95th percentile, less its slow trend
BLOCK_SECONDS = 1.5
BLOCK = 50  # frames
TREND = 33  # frames: about a second; a block this long has its slow swell taken out before it is judged
EDGE_DB = 6.0
SHORTEST_STEADY = 12  # frames; a shorter stretch, "yeah", is never called steady


def spans(audio: npt.NDArray[np.float32], aggressiveness: int | None) -> list[Span]:
    """Speech in `audio` (float32 (samples,), 16 kHz), as it was recorded. `aggressiveness` 0 to 3; None takes all of it
    as speech.

    The detector looks at a raised copy, and remembers what it heard, so every call has a new one.
    """
    if not audio.size:
        return []
    length = len(audio) / SAMPLE_RATE
    if aggressiveness is None:
        return [Span(0.0, length)]
    found = _spans(_smoothed(voiced(levels.raised(audio), aggressiveness)), length)
    return [span for span in found if not steady(audio, span)]


def voiced(audio: npt.NDArray[np.float32], aggressiveness: int) -> list[bool]:
    """The detector's own verdict on every 30 ms; the last frame is padded with silence."""
    return VoiceDetector(aggressiveness).hears(audio)


class VoiceDetector:
    """The detector on one stream, which it remembers."""

    def __init__(self, aggressiveness: int) -> None:
        self._vad = webrtcvad.Vad(aggressiveness)

    def hears(self, audio: npt.NDArray[np.float32]) -> list[bool]:
        """Its verdict on every 30 ms of what comes next; a last frame that is not whole is padded with silence."""
        pcm = (np.clip(np.nan_to_num(audio), -1.0, 1.0) * 32767).astype("<i2")
        raw = np.pad(pcm, (0, -len(pcm) % FRAME)).tobytes()
        size = FRAME * 2
        return [self._vad.is_speech(raw[at : at + size], SAMPLE_RATE) for at in range(0, len(raw), size)]


def steady(audio: npt.NDArray[np.float32], span: Span) -> bool:
    """Whether the level in `span` swells nowhere as a voice does. A short one is looked at with its
    surroundings too: a voice stands out of them, a flicker of the detector in even noise does not."""
    within = _levels(audio, span.start, span.end)
    if within.size:  # the detector hangs on for some frames after the sound, and wakes a little before it
        sounding = np.flatnonzero(within > np.median(within) - EDGE_DB)
        within = within[sounding[0] + 2 : sounding[-1] - 1]
    if _is_even(within):
        return True
    missing = BLOCK_SECONDS - (span.end - span.start)
    return missing > 0 and _is_even(_levels(audio, span.start - missing / 2, span.end + missing / 2))


def seconds(found: Sequence[Span]) -> float:
    """How much speech there is in all."""
    return sum(span.end - span.start for span in found)


def _is_even(levels: npt.NDArray[np.float64]) -> bool:
    if len(levels) < SHORTEST_STEADY:
        return False
    last = max(0, len(levels) - BLOCK)
    starts = [*range(0, last, BLOCK // 2), last]
    return all(_spread(levels[at : at + BLOCK]) < STEADY_DB for at in starts)


def _levels(audio: npt.NDArray[np.float32], start: float, end: float) -> npt.NDArray[np.float64]:
    """Level of each frame in dB over three frames, treble raised so that rumble does not drown the voice."""
    part = audio[max(0, round(start * SAMPLE_RATE)) : max(0, round(end * SAMPLE_RATE))]
    treble = np.diff(part.astype(np.float64), prepend=part[:1])
    frames = treble[: len(treble) // FRAME * FRAME].reshape(-1, FRAME)
    if len(frames) < 3:
        return np.zeros(0)
    power = np.convolve((frames**2).mean(axis=1), np.ones(3) / 3, "valid")
    return np.asarray(10 * np.log10(power + 1e-12))


def _spread(levels: npt.NDArray[np.float64]) -> float:
    """From the 10th to the 95th percentile in dB, a slow swell of the noise taken out by a cubic."""
    if len(levels) >= TREND:
        at = np.linspace(-1.0, 1.0, len(levels))
        levels = levels - np.polyval(np.polyfit(at, levels, 3), at)
    return float(np.percentile(levels, 95) - np.percentile(levels, 10))


def _smoothed(frames: list[bool]) -> list[bool]:
    half = WINDOW // 2
    return [
        frames[i] and sum(frames[max(0, i - half) : i + half + 1]) >= min(NEEDED, len(frames))
        for i in range(len(frames))
    ]


def _spans(frames: list[bool], length: float) -> list[Span]:
    """Runs of voiced frames, those with a short pause between them joined, those too short left out."""
    runs: list[list[int]] = []
    for i, speech in enumerate(frames):
        if not speech:
            continue
        if runs and (i - runs[-1][1]) * FRAME_MS <= HANGOVER_MS:
            runs[-1][1] = i + 1
        else:
            runs.append([i, i + 1])
    kept = [(a, b) for a, b in runs if sum(frames[a:b]) * FRAME_MS >= MINIMUM_MS]
    return [Span(a * FRAME_MS / 1000, min(length, b * FRAME_MS / 1000)) for a, b in kept]
