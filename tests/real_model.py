"""The real Whisper `base` for tests: fetched once, through the product's own sources, into a cache outside the tree.

`python -m tests.real_model` fetches it before the tests, so that processes that share them find it there.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from speech import without_numba
from speech.config import Config
from speech.models import choice, sources

NAME = "base"
SOURCES = ("pypi", "openai", "huggingface")
FOLDER = "TEST_MODEL_DIR"  # an environment variable that only the tests read


def folder() -> Path:
    """Where the tests keep models."""
    return Path(os.environ.get(FOLDER) or "~/.cache/meeting-tests/models").expanduser()


def real_model() -> Path:
    """The checkpoint of the real `base`, in openai-whisper's format, whole. Raises `ModelUnobtainable`."""
    known = without_numba.whisper()._MODELS
    found = sources.of(SOURCES, known, Config().hf_endpoint)
    return choice.choose(NAME, folder(), known, found, gpu=False, say=_say).path


def _say(line: str) -> None:
    print(f"[real model] {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    print(real_model())
