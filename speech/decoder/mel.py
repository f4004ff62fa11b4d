"""Log-mel spectrograms of many clips at once, each with a loudness of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from whisper.audio import HOP_LENGTH, N_FFT, SAMPLE_RATE, mel_filters

from speech.audio.samples import Audio

QUIETEST = 1e-10  # power; whisper.log_mel_spectrogram's own floor
RANGE = 8.0  # powers of ten below a row's loudest that are kept


class LogMel:
    """whisper.log_mel_spectrogram of each row, as if it were alone: there the loudest of the whole batch decides."""

    def __init__(self, bands: int, device: torch.device) -> None:
        self._filters = mel_filters(device, bands)
        self._window = torch.hann_window(N_FFT, device=device)
        self._device = device

    def __call__(self, clips: Sequence[Audio], seconds: float) -> torch.Tensor:
        """Float32 (clips, bands, 100 frames a second). Clips: float32 (samples,), 16 kHz; what is longer than
        `seconds` is cut, what is shorter is followed by silence."""
        whole = round(seconds * SAMPLE_RATE)
        longest = min(whole, max(len(clip) for clip in clips))
        # frames of nothing but padding are all alike: they are not transformed, only filled in
        heard = min(whole, (longest + N_FFT) // HOP_LENGTH * HOP_LENGTH + HOP_LENGTH)
        padded = np.zeros((len(clips), heard), np.float32)
        for row, clip in zip(padded, clips, strict=True):
            row[: min(len(clip), heard)] = clip[:heard]
        power = self._power(torch.from_numpy(padded).to(self._device))
        spectrum = F.pad(power, (0, (whole - heard) // HOP_LENGTH)).clamp(min=QUIETEST).log10()
        loudest = spectrum.amax(dim=(1, 2), keepdim=True)
        return (torch.maximum(spectrum, loudest - RANGE) + 4.0) / 4.0

    def _power(self, audio: torch.Tensor) -> torch.Tensor:
        stft = torch.stft(audio, N_FFT, HOP_LENGTH, window=self._window, return_complex=True)
        power: torch.Tensor = self._filters @ stft[..., :-1].abs() ** 2
        return power
