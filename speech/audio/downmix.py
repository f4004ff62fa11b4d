"""Down-mixing: any number of channels become one, and no voice is cancelled, halved or left out.

The mean of two channels in opposite phase is silence, and a copy that comes some milliseconds later turns the sum
into a comb filter. So channels are compared first, on the frequencies of speech. From the loudest on, a channel

- that is a copy of one before, in phase, is added, in opposite phase subtracted;
- that is a copy with a delay or another phase is left out: it has nothing that is not there yet;
- that has something else to say is added.

The sum is as loud as the loudest channel. Coherence (J. S. Bendat and A. G. Piersol, Random Data) tells copies from
the rest: the share of one channel's power that some linear filter makes out of the other's, whatever its delay.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from speech.audio.samples import SAMPLE_RATE, Audio

Weights = npt.NDArray[np.float32]  # (channels,)

BLOCK = 30 * SAMPLE_RATE  # samples whose channels are compared at a time; a live clip is one block
SHORT_TAIL = 2 * SAMPLE_RATE  # an end shorter than this is mixed as what came before it
FADE = SAMPLE_RATE // 50  # samples from one block's weights to the next one's
LOWEST_HZ, HIGHEST_HZ = 100, 4000  # where speech is told apart; hum and subwoofers lie below
LONGEST_WINDOW = 2048  # samples, 128 ms: delays up to a sixth of it stay coherent
SHORTEST_WINDOW = 64
WINDOWS = 8  # at least so many fit into a block: with one everything would look coherent
MANY_WINDOWS = 100  # so many need not overlap
COPY = 0.6  # coherence of a copy
IN_PHASE = 0.9  # correlation of a copy that is neither delayed nor turned, as a share of what is coherent
OPPOSED = -0.1  # correlation of a channel that shares something with the mix, which adding it would cancel
SILENT = 1e-6  # of the loudest channel's power
FULL_SCALE = 0.98  # a mix is not raised above it, unless a channel was


class Downmixer:
    """Mixes one stream of blocks (samples, channels), float32, 16 kHz, to one channel."""

    def __init__(self, channels: int) -> None:
        self.channels = channels
        self._waiting: list[Audio] = []
        self._count = 0
        self._weights: Weights | None = None

    def push(self, samples: Audio) -> Iterator[Audio]:
        """Take the next samples; what can be mixed by now comes back, float32 (samples,)."""
        if self.channels == 1:
            yield samples[:, 0]
            return
        while self._count + len(samples) >= BLOCK:
            room = BLOCK - self._count
            self._waiting.append(samples[:room])
            samples = samples[room:]
            yield self._mixed()
        self._waiting.append(samples)
        self._count += len(samples)

    def finish(self) -> Iterator[Audio]:
        """The rest."""
        if self._count:
            yield self._mixed()

    def _mixed(self) -> Audio:
        block = np.concatenate(self._waiting)
        self._waiting, self._count = [], 0
        before = self._weights
        if before is not None and len(block) < SHORT_TAIL:
            return _sum(block, before)
        after = weights(block)
        mixed = _sum(block, after)
        if before is not None:
            earlier = _sum(block, before)
            if float((mixed * earlier).sum(dtype=np.float64)) < 0:  # the other polarity, which would fade in with a dip
                mixed, after = -mixed, -after
            share = np.linspace(0.0, 1.0, FADE, dtype=np.float32)
            mixed[:FADE] = share * mixed[:FADE] + (1 - share) * earlier[:FADE]
        self._weights = after
        return mixed


def weights(block: Audio) -> Weights:
    """How much of each channel goes into the mix: `block` (samples, channels) gives (channels,)."""
    count = block.shape[1]
    loudest = float(np.abs(block).max(initial=0.0))
    even = np.full(count, 1 / count, np.float32)
    if not loudest:
        return even
    cross = _cross_spectra(block / np.float32(loudest))
    total = cross.real.sum(axis=0)  # (channels, channels)
    power = np.diagonal(total)
    first = int(power.argmax())
    if not power[first]:
        return even  # nothing but hum
    signs = _signs(cross, total, power)
    chosen = np.float32(np.sqrt(power[first] / (signs @ total @ signs))) * signs.astype(np.float32)
    highest = float(np.abs(_sum(block, chosen)).max())
    return chosen * np.float32(min(1.0, max(FULL_SCALE, loudest) / max(highest, 1e-30)))


def _signs(
    cross: npt.NDArray[np.complex128], total: npt.NDArray[np.float64], power: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """1 for channels to add, -1 for those to subtract, 0 for those to leave out."""
    order = [int(one) for one in np.argsort(-power, kind="stable") if power[one] > SILENT * power.max()]
    signs = np.zeros(len(power))
    signs[order[0]] = 1.0
    for place, one in enumerate(order[1:], 1):
        found = ((other, _coherence(cross, power, one, other)) for other in order[:place])
        original, coherence = next(((other, share) for other, share in found if share > COPY), (None, 0.0))
        if original is None:
            common = (total[one] @ signs) / np.sqrt(power[one] * (signs @ total @ signs))
            signs[one] = -1.0 if common < OPPOSED else 1.0
            continue
        correlation = total[one, original] / np.sqrt(power[one] * power[original])
        in_phase = abs(correlation) > IN_PHASE * np.sqrt(coherence)  # what is not coherent is noise, not delay
        signs[one] = signs[original] * np.sign(correlation) if in_phase else 0.0
    return signs


def _coherence(cross: npt.NDArray[np.complex128], power: npt.NDArray[np.float64], one: int, other: int) -> float:
    """The share of `one`'s power, 0 to 1, that a linear filter makes out of `other`'s."""
    reference = cross[:, other, other].real
    explained = np.abs(cross[:, one, other]) ** 2 / np.maximum(reference, 1e-12 * reference.max())
    return float(explained.sum() / power[one])


def _cross_spectra(block: Audio) -> npt.NDArray[np.complex128]:
    """Power and cross-power of the channels, (frequencies, channels, channels), by Welch's method."""
    room = max(1, len(block) // WINDOWS)
    size = min(LONGEST_WINDOW, max(SHORTEST_WINDOW, 1 << (room.bit_length() - 1)))
    padded = np.pad(block, ((0, max(0, size - len(block))), (0, 0)))
    step = size // 2 if len(block) < MANY_WINDOWS * size else size
    frames = np.lib.stride_tricks.sliding_window_view(padded, size, axis=0)[::step]  # (times, channels, size)
    low, high = max(1, LOWEST_HZ * size // SAMPLE_RATE), HIGHEST_HZ * size // SAMPLE_RATE + 1
    spectra = np.fft.rfft(frames * np.hanning(size).astype(np.float32), axis=-1)[..., low:high]
    lines = np.ascontiguousarray(spectra.transpose(2, 1, 0), np.complex128)  # (frequencies, channels, times)
    return np.asarray(lines @ lines.conj().transpose(0, 2, 1))


def _sum(block: Audio, weighed: Weights) -> Audio:
    """The weighed sum of the channels, always in the same order: equal input gives equal bytes."""
    mixed = np.zeros(len(block), np.float32)
    for place in np.flatnonzero(weighed):
        mixed += block[:, place] * weighed[place]
    return mixed
