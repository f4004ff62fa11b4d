"""openai-whisper, loaded without numba: that compiles its alignment of words, and the decoder here has its own.

numba brings LLVM along: a fifth of what the speech process loads before it can hear, and more of it where the files
have to be read from the disk. What it would have compiled runs as Python, for whoever calls it."""

import sys
from types import ModuleType
from typing import Any


def whisper() -> Any:
    """The package. Where it or numba is loaded already, as it is."""
    import torch  # noqa: F401 - first, and with whatever it finds

    missing = "numba" not in sys.modules
    if missing:
        sys.modules["numba"] = _standing_in()
    try:
        import whisper
    finally:
        if missing:
            del sys.modules["numba"]
    return whisper


def _standing_in() -> ModuleType:
    numba: Any = ModuleType("numba")
    numba.jit = lambda **_options: lambda function: function
    return numba  # type: ignore[no-any-return]
