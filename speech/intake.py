"""Foreign bytes become speech in processes of their own: no torch there, bounded memory, time and harm."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

import numpy as np

from speech import codec, gate

MEMORY_BYTES = 6 << 30  # of addresses, per process; an hour of audio takes some 0.7 GB of it
PATIENCE_SECONDS = 20.0  # for a clip; a long file gets more in proportion to its bytes
BYTES_A_SECOND = 200_000


@dataclass(frozen=True)
class Order:
    """What to do with a clip's bytes."""

    max_seconds: float
    keep_from: float | None = None
    keep_to: float | None = None
    aggressiveness: int | None = 2


@dataclass(frozen=True)
class Taken:
    """A clip as the engine wants it, and where in it somebody speaks."""

    audio: codec.Audio  # float32 (samples,), 16 kHz, raised
    spans: tuple[gate.Span, ...]

    @property
    def seconds(self) -> float:
        return len(self.audio) / codec.SAMPLE_RATE


def take(data: bytes, order: Order) -> Taken:
    """Decode, trim, raise and look for speech. Raises `codec.Undecodable`."""
    kept = codec.decode(data, max_seconds=order.max_seconds, keep_from=order.keep_from, keep_to=order.keep_to)
    audio = codec.raised(kept)
    return Taken(audio, tuple(gate.spans(audio, order.aggressiveness)))


class Intake:
    """A few worker processes that `take`. One that dies or hangs is replaced; its clip alone is refused."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._pool = self._new()

    async def take(self, data: bytes, order: Order) -> Taken:
        """As `take`, elsewhere. A clip whose worker died is tried once more, alone in a fresh one."""
        patience = PATIENCE_SECONDS + len(data) / BYTES_A_SECOND
        for _ in range(2):
            pool = self._pool
            try:
                work = asyncio.get_running_loop().run_in_executor(pool, take, data, order)
                return await asyncio.wait_for(work, patience)
            except TimeoutError as error:
                self._replace(pool)
                raise codec.Undecodable("decoding took too long") from error
            except BrokenProcessPool:
                self._replace(pool)
        raise codec.Undecodable("decoding ended its process")

    async def warm(self) -> None:
        """Start a worker now, so that the first clip does not wait for it."""
        await self.take(codec.as_wav(np.zeros(codec.SAMPLE_RATE, np.float32)), Order(60.0))

    def close(self) -> None:
        self._replace(self._pool, fresh=False)

    def _new(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self._workers, mp_context=context, initializer=_settle)

    def _replace(self, pool: ProcessPoolExecutor, *, fresh: bool = True) -> None:
        if pool is not self._pool:
            return  # somebody else has already
        processes = list((getattr(pool, "_processes", None) or {}).values())
        if fresh:
            self._pool = self._new()
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.kill()
        if not fresh:
            pool.shutdown(wait=True)


def _settle() -> None:
    """Limits for this worker, and its end with its parent's, however that one dies."""
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
