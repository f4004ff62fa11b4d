"""How much memory a model needs, and how much there is."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

# millions of parameters, as openai-whisper's own README lists them
PARAMETERS = {"tiny": 39, "base": 74, "small": 244, "medium": 769, "large": 1550, "turbo": 809, "demo": 14}
BYTES_IN_FILE = 2  # half precision
BYTES_A_PARAMETER = 6  # single precision in the model, and half precision in the file while it is loaded
WORKING = 1 << 30  # torch itself, and what a batch of clips takes

MEMINFO = Path("/proc/meminfo")
CGROUP = Path("/sys/fs/cgroup")


def needed(parameters: float) -> int:
    """Bytes that a model of so many parameters takes while it is loaded and works."""
    return round(parameters * BYTES_A_PARAMETER) + WORKING


def in_file(parameters: float) -> int:
    """Bytes that the checkpoint of such a model has, about."""
    return round(parameters * BYTES_IN_FILE)


def parameters_of(name: str) -> float:
    """How many parameters the model of this name has; 0 where that is not known."""
    size = name.removesuffix(".en").partition("-")[0]
    return 1e6 * PARAMETERS["turbo" if "turbo" in name else size] if size in PARAMETERS else 0


def free_on(device: str) -> int | None:
    """Bytes that are free where `device` computes; None where nobody says."""
    if not device.startswith("cuda"):
        return free()
    import torch

    return int(torch.cuda.mem_get_info(torch.device(device))[0])


def free() -> int | None:
    """Bytes that this process may still take, a container's limit among them; None where nobody says."""
    if sys.platform == "win32":
        return _windows()
    found = [size for size in (_linux(), _container()) if size is not None]
    return min(found) if found else _all()


def _linux() -> int | None:
    with contextlib.suppress(OSError, ValueError, IndexError):
        lines = MEMINFO.read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    return None


def _container() -> int | None:
    with contextlib.suppress(OSError, ValueError):  # `max` is no number: no limit
        return int((CGROUP / "memory.max").read_text()) - int((CGROUP / "memory.current").read_text())
    return None


def _all() -> int | None:
    """All there is (macOS)."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return None


def _windows() -> int | None:
    import ctypes

    class Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "free", "t1", "f1", "t2", "f2", "f3")),
        )

    status = Status()
    status.length = ctypes.sizeof(status)
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 - mypy knows no windll elsewhere
    return int(status.free) if kernel.GlobalMemoryStatusEx(ctypes.byref(status)) else None
