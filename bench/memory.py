"""The most memory that this process took: the machine's, or the GPU's."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

MEGABYTE = 1 << 20
USED = ("nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits")


class Peak:
    """Watched from before the model is loaded. `torch`: the GPU's memory is taken through torch, which counts it; of
    another library's it is what is taken of the whole device, while nobody else takes any."""

    def __init__(self, device: str, *, torch: bool) -> None:
        self._gpu = device.startswith("cuda")
        self._index = int(device.partition(":")[2] or 0)
        self._torch = torch
        self._before = self._most = self._used()

    def look(self) -> None:
        """Once more, while what was taken is still held."""
        self._most = max(self._most, self._used())

    def megabytes(self) -> float:
        """The most there was."""
        if not self._gpu:
            return round(_resident() / MEGABYTE, 1)
        if not self._torch:
            return float(self._most - self._before)
        import torch

        return round(torch.cuda.max_memory_allocated(self._index) / MEGABYTE, 1)

    def _used(self) -> int:
        if not self._gpu or self._torch:
            return 0
        shown = subprocess.run([*USED, "-i", str(self._index)], capture_output=True, text=True, check=True)
        return int(shown.stdout)


def _resident() -> int:
    """Bytes of physical memory that this process held at most."""
    status = Path("/proc/self/status")
    if status.is_file():
        found = re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(encoding="utf-8"), re.MULTILINE)
        if found:
            return int(found[1]) * 1024
    import resource  # not on Windows, where nothing here runs anyway without bash

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
