"""`python -m bench NAME …`: one benchmark, by its name."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

BENCHMARKS = {
    "engine": "how fast the engine is beside openai-whisper and faster-whisper, on the same weights",
    "accuracy": "error rates on recordings of your own; with --index beside openai-whisper and faster-whisper",
}


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark that the first argument names. Returns its status, 2 for a name that is none."""
    name = arguments[0] if arguments else ""
    if name not in BENCHMARKS:
        known = "\n".join(f"  bin/bench {name:<10}{what}" for name, what in BENCHMARKS.items())
        print(f"Which benchmark? `bin/bench NAME --help` says what it takes.\n{known}", file=sys.stderr)
        return 0 if name in ("-h", "--help") else 2
    status: int = importlib.import_module(f"bench.{name}").main(arguments[1:])
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
