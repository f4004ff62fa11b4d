"""Clip audio: writes the recorded sound of a clip as a seekable FLAC file, in a worker process.

Decoding what strangers send happens in a process of its own: bytes that crash a decoder take nobody's socket along.
"""

import asyncio
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from django.conf import settings

from meet.clips import audio_files, clips, flac_worker, sound_similarity
from meet.models import Clip

PATIENCE_SECONDS = 60

_process: ProcessPoolExecutor | None = None
_one_at_a_time = asyncio.Semaphore(1)  # so that bytes which bring the decoder down take no other clip along


def start() -> None:
    """Have the decoder's process ready before the first clip comes."""
    _pool().submit(flac_worker.ready)


async def keep(clip: Clip) -> bool:
    """Write the audio file of a clip that was worked on. False where it cannot be decoded, or more of it came in."""
    path = audio_files.path_of(clip)
    data = await asyncio.to_thread(clips.sound, clip.pk)
    milliseconds = await _written(data, clip.keep_from, clip.keep_to, settings.MEDIA_ROOT / path)
    if not milliseconds:
        await audio_files.impossible(clip.pk, clip.version)
        return False
    return await audio_files.written(clip.pk, clip.version, path, milliseconds)


async def compare(first: str, second: str, later_ms: float) -> sound_similarity.SoundComparison | None:
    """How alike two clips' audio files (below media) are, the second begun so much later. None: that is not known."""
    async with _one_at_a_time:
        try:
            paths = settings.MEDIA_ROOT / first, settings.MEDIA_ROOT / second
            job = _pool().submit(sound_similarity.compare, *paths, later_ms)
            return await asyncio.wait_for(asyncio.wrap_future(job), PATIENCE_SECONDS)
        except (BrokenProcessPool, TimeoutError):
            _end()
            return None


async def _written(data: bytes, keep_from: int, keep_to: int | None, target: Path) -> int | None:
    """The length in ms; None where these bytes hold nothing, or brought the decoder down, or held it up."""
    async with _one_at_a_time:
        try:
            job = _pool().submit(flac_worker.write_flac, data, keep_from, keep_to, target)
            return await asyncio.wait_for(asyncio.wrap_future(job), PATIENCE_SECONDS)
        except (BrokenProcessPool, TimeoutError):
            _end()
            return None


def _end() -> None:
    """The next clip gets a new process."""
    global _process
    if _process is not None:
        for process in list((_process._processes or {}).values()):
            process.kill()
        _process.shutdown(wait=False, cancel_futures=True)
    _process = None


def _pool() -> ProcessPoolExecutor:
    global _process
    if _process is None:
        spawn = multiprocessing.get_context("spawn")
        _process = ProcessPoolExecutor(1, mp_context=spawn, initializer=flac_worker.end_with_parent)
    return _process
