"""One row of the engine benchmark, before it is measured: who hears what, and how."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

OURS = "ours"
OPENAI = "openai-whisper"
FASTER = "faster-whisper-"  # and the type: fp32, fp16, int8


@dataclass(frozen=True)
class Task:
    """What a process of its own is told. `tokens`: written for each clip; None for as many as it takes."""

    engine: str
    model: str
    checkpoint: str
    converted: str
    device: str
    dtype: str  # for ours, as WHISPER_DTYPE has it
    batch: int
    clip_seconds: float
    window: str
    tokens: int | None
    beam: int = 1

    def as_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Task:
        return cls(**json.loads(text))
