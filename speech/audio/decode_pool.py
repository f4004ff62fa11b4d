"""Decode pool: worker processes that decode uploaded bytes, with bounded memory and time. No torch."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

import numpy as np

from speech.audio import codec, voice_detection
from speech.audio.samples import Span

MEMORY_BYTES = 6 << 30  # of addresses, per process; an hour of audio takes some 0.7 GB of it
START_SECONDS = 120.0  # for a worker's process, on a machine that is busy with everything else
PATIENCE_SECONDS = 20.0  # for a clip; a long file gets more in proportion to its bytes
BYTES_A_SECOND = 200_000


@dataclass(frozen=True)
class DecodeOrder:
    """What to do with a clip's bytes."""

    max_seconds: float
    keep_from: float | None = None
    keep_to: float | None = None
    aggressiveness: int | None = 2


@dataclass(frozen=True)
class DecodedSound:
    """A clip as the engine wants it, and where in it somebody speaks."""

    audio: codec.Audio  # float32 (samples,), 16 kHz
    spans: tuple[Span, ...]

    @property
    def seconds(self) -> float:
        return len(self.audio) / codec.SAMPLE_RATE


def take(data: bytes, order: DecodeOrder) -> DecodedSound:
    """Decode, trim and look for speech. Raises `codec.Undecodable`.

    The engine gets the clip as loud as it was recorded: Whisper hears quiet speech as it is, and lost half of a
    sentence where 30 dB were added.
    """
    kept = codec.decode(data, max_seconds=order.max_seconds, keep_from=order.keep_from, keep_to=order.keep_to)
    audio = codec.unclipped(kept)
    return DecodedSound(audio, tuple(voice_detection.spans(audio, order.aggressiveness)))


class DecoderUnstartable(Exception):
    """No worker could be started, or they all are being ended. The clip is not to blame."""

    retryable = True


# bytes half written to a dead process are written for ever there, and our exit waits for them (python/cpython#94777)
FEEDER_HANGS = sys.version_info < (3, 11, 5)


class DecodePool:
    """A few workers that `take`, each one clip at a time. One that dies or hangs harms no other's clip."""

    def __init__(self, workers: int) -> None:
        self._workers = [_Worker() for _ in range(workers)]
        self._free = _Line(self._workers)

    async def take(self, data: bytes, order: DecodeOrder, voice: str = "") -> DecodedSound:
        """As `take`, elsewhere, as soon as a worker is free for this voice. A clip whose worker died or hung is tried
        once more in a fresh one; only what fails there too is `Undecodable`. Raises `DecoderUnstartable`."""
        worker = await self._free.get(voice)
        try:
            return await _taken(worker, data, order)
        finally:
            self._free.put(worker)

    async def warm(self) -> None:
        """Start a worker now, so that the first clip does not wait for it."""
        await self.take(codec.as_wav(np.zeros(codec.SAMPLE_RATE, np.float32)), DecodeOrder(60.0))

    def close(self) -> None:
        """End the workers; what they were at becomes `DecoderUnstartable`."""
        for worker in self._workers:
            worker.end(for_good=True)


class _Line:
    """Who waits for a worker. Voices take turns, so that hundreds of clips of one of them hold nobody else up."""

    def __init__(self, workers: Iterable[_Worker]) -> None:
        self._free = list(workers)  # the last one used is warm
        self._waiting: dict[object, deque[asyncio.Future[_Worker]]] = {}  # the next voice is the first

    async def get(self, voice: str) -> _Worker:
        """A worker. Without a name a clip is a voice of its own."""
        if self._free:
            return self._free.pop()
        turn: asyncio.Future[_Worker] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(voice or turn, deque()).append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # given at the very moment at which nobody wanted it any more
                self.put(turn.result())
            raise

    def put(self, worker: _Worker) -> None:
        """It is free again."""
        while self._waiting:
            voice, turns = next(iter(self._waiting.items()))
            del self._waiting[voice]
            turn = turns.popleft()
            if turns:
                self._waiting[voice] = turns
            if not turn.done():
                turn.set_result(worker)
                return
        self._free.append(worker)


async def _taken(worker: _Worker, data: bytes, order: DecodeOrder) -> DecodedSound:
    patience = PATIENCE_SECONDS + len(data) / BYTES_A_SECOND
    try:
        with contextlib.suppress(TimeoutError, BrokenProcessPool):
            return await worker.take(data, order, patience)
        return await worker.take(data, order, patience)  # in a fresh process, which has done nothing else
    except TimeoutError as error:
        raise codec.Undecodable("decoding took too long") from error
    except BrokenProcessPool as error:
        raise codec.Undecodable("decoding ended its process") from error
    except MemoryError as error:
        raise codec.Undecodable("decoding took too much memory") from error


class _Worker:
    """One process, which takes one clip at a time: started when a clip needs it, ended when a clip spoils it."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._ended = False

    async def take(self, data: bytes, order: DecodeOrder, patience: float) -> DecodedSound:
        """As `take`. `patience` in seconds from when the process has started; a clip that outlasts it, ends it or
        is not waited for any longer takes it along.

        Raises `TimeoutError`, `BrokenProcessPool`, `DecoderUnstartable`."""
        pool = self._pool or await self._start()
        try:
            work = asyncio.get_running_loop().run_in_executor(pool, take, data, order)
            return await asyncio.wait_for(work, patience)
        except (TimeoutError, BrokenProcessPool, asyncio.CancelledError):
            self.end()
            raise

    def end(self, *, for_good: bool = False) -> None:
        """Kill the process. Its clip's caller is told by the pool, which sees it die."""
        self._ended = self._ended or for_good
        pool, self._pool = self._pool, None
        if pool is None:
            return
        queue = getattr(pool, "_call_queue", None)
        if queue is not None and FEEDER_HANGS:
            # before the process dies, of which the pool's own threads hear: one of them closes it too, and complains
            # where it comes second
            with contextlib.suppress(OSError):
                queue._reader.close()
        for process in list((getattr(pool, "_processes", None) or {}).values()):
            process.kill()
        pool.shutdown(wait=for_good)

    async def _start(self) -> ProcessPoolExecutor:
        """A process that answers. A slow machine has its own, longer patience here."""
        if self._ended:
            raise DecoderUnstartable("ending")
        context = multiprocessing.get_context("spawn")
        self._pool = pool = ProcessPoolExecutor(1, mp_context=context, initializer=_settle)
        try:
            await asyncio.wait_for(asyncio.get_running_loop().run_in_executor(pool, os.getpid), START_SECONDS)
        except (TimeoutError, BrokenProcessPool, OSError) as error:
            self.end()
            raise DecoderUnstartable(f"no decoding process: {type(error).__name__}") from error
        except asyncio.CancelledError:
            self.end()
            raise
        return pool


def _settle() -> None:
    """Limits for this worker, and its end with its parent's, however that one dies. Ctrl-C in a terminal goes to both;
    it is the parent that ends, and sees to its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        _when_over(parent.join, lambda: os._exit(0))
    try:
        import resource
    except ImportError:
        return  # Windows has no such limits
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _when_over(wait: Callable[[], object], then: Callable[[], object]) -> None:
    def watch() -> None:
        wait()
        then()

    threading.Thread(target=watch, daemon=True).start()
