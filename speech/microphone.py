"""A stream of sound and the clips in it, found as it comes: the detector and the segmenter, without a browser."""

from __future__ import annotations

import numpy as np

from speech.codec import Audio
from speech.gate import FRAME, FRAME_MS, SAMPLE_RATE, Detector
from speech.segmenter import FRAME_MS as SEGMENTER_MS
from speech.segmenter import Clips, Rules, Stretch, framed


class Microphone:
    """Sound as it comes, in chunks of any length, and the clips in it. `aggressiveness` None: all of it is speech."""

    def __init__(self, rules: Rules, aggressiveness: int | None) -> None:
        self._detector = None if aggressiveness is None else Detector(aggressiveness)
        self._clips = Clips(rules)
        self._rest = np.zeros(0, np.float32)  # less than the detector's frame
        self._at = 0  # ms: where the rest begins

    @property
    def start(self) -> int | None:
        """Where the open clip begins (ms), or None while nobody speaks."""
        return self._clips.start

    def push(self, audio: Audio) -> list[Stretch]:
        """The clips that `audio`, float32 (samples,), shows to be over."""
        known = np.concatenate([self._rest, audio])
        whole = len(known) // FRAME * FRAME
        self._rest = known[whole:]
        return self._heard(known[:whole])

    def finish(self) -> list[Stretch]:
        """What is over because the sound is."""
        until = self._at + len(self._rest) * 1000 // SAMPLE_RATE
        return self._heard(np.pad(self._rest, (0, -len(self._rest) % FRAME))) + self._clips.finish(until)

    def _heard(self, audio: Audio) -> list[Stretch]:
        verdicts = self._detector.hears(audio) if self._detector else [True] * (len(audio) // FRAME)
        speech = np.repeat(np.array(verdicts, np.bool_), FRAME_MS // SEGMENTER_MS)
        frames = list(framed(audio, speech, self._at))
        self._at += len(verdicts) * FRAME_MS
        return [over for frame in frames for over in self._clips.push(frame)]
