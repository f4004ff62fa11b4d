"""Mixing worker: mixes many clips into one FLAC file, in a process that loads no Django and starts at once.

`python -m meet.record.mixing_worker` takes one line of JSON from standard input and answers with another. It ends
when standard input closes: whoever asked is gone then.
"""

import json
import os
import sys
import threading
import uuid
from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

SAMPLE_RATE = 16_000  # what the clips are kept in
BLOCK = 30 * SAMPLE_RATE  # all that is in memory at one time, whatever the meeting's length
KNEE = 26_214  # 0.8 of full scale: what several voices add up to beyond it is pressed into what is left above it
FULL = 32_767
NICENESS = 10
MIXING = ".recording-"  # what the names of unfinished files begin with

Block = npt.NDArray[np.int32]  # (samples,), 16 kHz, in steps of 16 bits


@dataclass(frozen=True)
class PlacedClip:
    """A clip's sound, and the sample at which it begins."""

    clip: str
    path: str
    at: int


@dataclass(frozen=True)
class MixedRecording:
    """What came of it: the length in samples, and which clips are not in it, with the reason."""

    samples: int
    left_out: dict[str, str]


@dataclass(frozen=True)
class _Sounding:
    placed: PlacedClip
    end: int


class _Unreadable(Exception):
    """A clip's file is missing, damaged, or of another kind than the others."""


def write(clips: Iterable[PlacedClip], target: Path) -> MixedRecording:
    """Mix into a file that is whole or not there: under another name, to the disk, then in its place. A recording
    without a sample is none: then there is no file. Raises OSError where the disk refuses it."""
    for left in target.parent.glob(f"{MIXING}*"):
        left.unlink(missing_ok=True)  # a killed process's: nobody else works on this meeting now
    fresh = target.with_name(f"{MIXING}{uuid.uuid4().hex}")
    try:
        mixed = _mixed(clips, fresh)
        if not mixed.samples:
            target.unlink(missing_ok=True)
            return mixed
        _to_disk(fresh, mixed.samples)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
    return mixed


def _to_disk(path: Path, samples: int) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    try:
        held = soundfile.info(str(path)).frames
    except soundfile.SoundFileError as error:
        raise OSError(f"what was written cannot be read: {error}") from error
    if held != samples:
        raise OSError(f"the disk took {held} of {samples} samples")


def _mixed(clips: Iterable[PlacedClip], path: Path) -> MixedRecording:
    try:
        with soundfile.SoundFile(str(path), "w", SAMPLE_RATE, 1, format="FLAC", subtype="PCM_16") as file:
            return _mix(clips, file)
    except (soundfile.SoundFileError, AssertionError) as error:  # it asserts that a block was taken whole
        raise OSError(f"the recording cannot be written: {error or 'the disk took only a part of it'}") from error


def _mix(clips: Iterable[PlacedClip], file: soundfile.SoundFile) -> MixedRecording:
    """Block after block, each with the clips that sound in it; silence where none does."""
    waiting = deque(sorted(clips, key=lambda clip: clip.at))
    sounding: list[_Sounding] = []
    left_out: dict[str, str] = {}
    at = end = written = 0
    while waiting or sounding:
        while waiting and waiting[0].at < at + BLOCK:
            clip = waiting.popleft()
            try:
                sounding.append(_Sounding(clip, clip.at + _frames(clip)))
            except _Unreadable as why:
                left_out[clip.clip] = str(why)
        end = max([end, *(one.end for one in sounding)])
        block = _block(at, sounding, left_out)
        sounding = [one for one in sounding if one.end > at + BLOCK and one.placed.clip not in left_out]
        if not (waiting or sounding):
            block = block[: max(0, end - at)]
        file.write(block)
        written += len(block)
        at += BLOCK
    return MixedRecording(written, left_out)


def _block(at: int, sounding: list[_Sounding], left_out: dict[str, str]) -> npt.NDArray[np.int16]:
    """The sum of what sounds from `at` on. One voice alone stays as it is, sample by sample."""
    total: Block = np.zeros(BLOCK, np.int32)
    voices = np.zeros(BLOCK, np.uint16)
    for one in sounding:
        begin, stop = max(at, one.placed.at), min(at + BLOCK, one.end)
        try:
            sound = _read(one.placed, begin - one.placed.at, stop - begin)
        except _Unreadable as why:
            left_out[one.placed.clip] = f"from its second {(begin - one.placed.at) / SAMPLE_RATE:.1f} on: {why}"
            continue
        part = slice(begin - at, begin - at + len(sound))
        total[part] += sound
        voices[part] += 1
    return softened(total, voices > 1)


def softened(total: Block, together: npt.NDArray[np.bool_]) -> npt.NDArray[np.int16]:
    """Samples of 16 bits. Where several voices `together` are louder than the knee, a curve that joins it smoothly
    bends what is above so that full scale is never passed: no wrap-around, and no hard edge."""
    loud = together & (np.abs(total) > KNEE)
    if loud.any():
        over = (np.abs(total[loud]) - KNEE) / (FULL - KNEE)
        bent = np.sign(total[loud]) * (KNEE + (FULL - KNEE) * np.tanh(over))
        total = total.copy()
        total[loud] = np.round(bent).astype(np.int32)
    return total.astype(np.int16)


def _frames(clip: PlacedClip) -> int:
    """A clip's length in samples. Raises _Unreadable."""
    try:
        facts = soundfile.info(clip.path)
    except soundfile.SoundFileError as error:
        raise _Unreadable("its file is missing" if not Path(clip.path).exists() else "its file is damaged") from error
    if (facts.samplerate, facts.channels) != (SAMPLE_RATE, 1):
        raise _Unreadable(f"its file has {facts.channels} channels at {facts.samplerate} Hz")
    return int(facts.frames)


def _read(clip: PlacedClip, first: int, count: int) -> npt.NDArray[np.int16]:
    """A part of a clip, in samples of its own. The file is opened each time: a thousand voices hold none open."""
    try:
        with soundfile.SoundFile(clip.path) as file:
            file.seek(first)
            sound: npt.NDArray[np.int16] = file.read(count, dtype="int16")
    except soundfile.SoundFileError as error:
        raise _Unreadable("its file is damaged") from error
    if len(sound) < count:
        raise _Unreadable("its file ends early")
    return sound


def _end_with_whoever_asked() -> None:
    # not sys.stdin.read: a lock held by a daemon thread inside a buffered reader aborts the interpreter's exit
    while os.read(0, 4096):
        pass
    os._exit(1)


def main() -> int:
    """Take the order, write the recording, say what came of it."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)  # whoever speaks now goes first; Windows was told at the start
    order = json.loads(_first_line())
    threading.Thread(target=_end_with_whoever_asked, daemon=True).start()
    try:
        answer = asdict(write((PlacedClip(*one) for one in order["clips"]), Path(order["target"])))
    except OSError as error:
        answer = {"error": str(error)}
    sys.stdout.write(json.dumps(answer) + "\n")
    return 1 if "error" in answer else 0


def _first_line() -> bytes:
    """Standard input up to its first line's end, and not a byte more: the rest is the lifeline."""
    found = bytearray()
    while not found.endswith(b"\n") and (data := os.read(0, 1 << 16)):
        found += data
    return bytes(found)


if __name__ == "__main__":
    sys.exit(main())
