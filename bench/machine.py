"""The machine that a figure was measured on, and what was installed there."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from speech import loading
from speech.diagnosis import nvidia

FLAGS = ("amx_bf16", "amx_int8", "amx_fp16", "avx512_bf16", "avx512_vnni", "avx_vnni", "avx512f", "avx2")
PACKAGES = ("torch", "ctranslate2", "faster-whisper", "openai-whisper", "numpy")


def described() -> dict[str, Any]:
    """For JSON: what computes, what OpenMP was told, and a version for each package."""
    processor = _processor()
    return {
        "cpu": processor.get("model name", platform.processor() or platform.machine()),
        "cores": loading.processors(),
        "flags": [flag for flag in FLAGS if flag in processor.get("flags", "").split()],
        "memory_gb": _memory_gb(),
        "gpu": ", ".join(nvidia.look().devices),
        "system": f"{platform.system()} {platform.machine()}",
        "threads": os.environ.get("OMP_NUM_THREADS", ""),
        "wait_policy": os.environ.get("OMP_WAIT_POLICY", ""),
        "python": platform.python_version(),
        **{package: _version(package) for package in PACKAGES},
    }


def line(machine: dict[str, Any]) -> str:
    """For people."""
    flags = ", ".join(machine["flags"]) or "no flags known"
    where = f"{machine['cpu']}, {machine['cores']} cores ({flags}), {machine['memory_gb']} GB"
    versions = ", ".join(f"{package} {machine[package]}" for package in PACKAGES if machine[package])
    return f"{where}{', ' + machine['gpu'] if machine['gpu'] else ''}; Python {machine['python']}, {versions}"


def _processor() -> dict[str, str]:
    """The first processor as Linux describes it; elsewhere nothing."""
    path = Path("/proc/cpuinfo")
    if not path.is_file():
        return {}
    first = path.read_text(encoding="utf-8").split("\n\n")[0]
    return {name.strip(): value.strip() for name, _, value in (row.partition(":") for row in first.splitlines())}


def _memory_gb() -> float | None:
    """All there is; None where the system does not say."""
    if "SC_PHYS_PAGES" not in getattr(os, "sysconf_names", {}):
        return None
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30), 1)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
