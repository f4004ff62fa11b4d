"""`python -m speech`, with an engine that fails after its first clip as no engine does on demand: `FAILING=raises`, as
with a CUDA context that is lost, or `FAILING=hangs`."""

import os
import sys
import threading
from collections.abc import Sequence

from speech import __main__ as command
from speech import loading
from speech.config import Config
from speech.engines import SILENCE, Engine, Outcome, Row
from speech.models.choice import Say
from speech.queue import scheduler

load = loading.load


class Failing:
    """The real engine, until it has heard one clip."""

    def __init__(self, engine: Engine) -> None:
        self.name, self.model, self.device, self.demo = engine.name, engine.model, engine.device, engine.demo
        self.capabilities = engine.capabilities
        self._engine = engine
        self._over = False

    def transcribe(self, rows: Sequence[Row]) -> list[Outcome]:
        if self._over and os.environ["FAILING"] == "hangs":
            threading.Event().wait()
        if self._over:
            raise RuntimeError("CUDA error: an illegal memory access was encountered")
        self._over = any(len(row.audio) != len(SILENCE) for row in rows)
        return self._engine.transcribe(rows)


def failing(config: Config, say: Say) -> Engine:
    return Failing(load(config, say))


if __name__ == "__main__":
    loading.load = failing
    scheduler.LEAST_CALL_SECONDS, scheduler.PROBES_A_CALL = 6.0, 0.0
    sys.exit(command.main())
