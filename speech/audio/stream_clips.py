"""Clips of a live stream: detector, background level and segmenter on sound as it arrives, without a browser."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from speech.audio.background import Background, Bands
from speech.audio.codec import Audio
from speech.audio.samples import SAMPLE_RATE
from speech.audio.segmenter import FRAME_MS as SEGMENTER_MS
from speech.audio.segmenter import Clips, Rules, Stretch, framed
from speech.audio.voice_detection import FRAME, FRAME_MS, VoiceDetector


class ClipStream:
    """Sound as it comes, in chunks of any length, and the clips in it. `aggressiveness` None: all of it is speech."""

    def __init__(self, rules: Rules, aggressiveness: int | None) -> None:
        self._detector = None if aggressiveness is None else VoiceDetector(aggressiveness)
        self._bands = Bands()
        self._background = Background()
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
        frames = list(framed(audio, self._speech(audio), self._at))
        self._at += len(audio) // FRAME * FRAME_MS
        return [over for frame in frames for over in self._clips.push(frame)]

    def _speech(self, audio: Audio) -> npt.NDArray[np.bool_]:
        """Whether each 10 ms of whole frames is speech: the detector says so, and it stands out of the background."""
        if self._detector is None:
            return np.ones(len(audio) // FRAME * (FRAME_MS // SEGMENTER_MS), np.bool_)
        verdicts = np.repeat(np.array(self._detector.hears(audio), np.bool_), FRAME_MS // SEGMENTER_MS)
        return verdicts & np.array([self._background.push(levels) for levels in self._bands.push(audio)], np.bool_)
