"""The NVIDIA devices of this machine and their driver, found without torch."""

from __future__ import annotations

import contextlib
import ctypes
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PATIENCE_SECONDS = 10.0
PROC = Path("/proc/driver/nvidia")
DEVICES = (Path("/dev/nvidia0"), Path("/dev/dxg"))  # a container shows the first; Windows' Linux the second
QUERY = ("--query-gpu=name,driver_version", "--format=csv,noheader")

# The lowest driver that runs programs built with a major version of CUDA. NVIDIA, «CUDA Compatibility», minor version
# compatibility, table 1: https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html
LEAST_DRIVER = {13: 580, 12: 525, 11: 450}
# PyTorch's own index has builds of these, the newest first: https://pytorch.org/get-started/locally/
BUILDS = {13: "cu130", 12: "cu126"}


@dataclass(frozen=True)
class NvidiaDevices:
    """What there is: the devices' names, the driver's version, and what keeps the driver from answering."""

    devices: tuple[str, ...] = ()
    driver: str = ""
    trouble: str = ""

    @property
    def driver_major(self) -> int | None:
        """580 of 580.65.06; None where it is not known."""
        first = self.driver.partition(".")[0]
        return int(first) if first.isdecimal() else None

    def __bool__(self) -> bool:
        return bool(self.devices or self.driver or self.trouble)


def look() -> NvidiaDevices:
    """Ask nvidia-smi, then the driver's own library, then the system's files."""
    asked = _smi()
    if asked and asked.devices:
        return asked
    found = _library() or _files()
    return NvidiaDevices(found.devices, found.driver, asked.trouble) if asked else found


def newest_build(driver_major: int | None) -> str:
    """The name of PyTorch's build with the newest CUDA that this driver runs; the oldest of them for one too old."""
    if driver_major is None:
        return next(iter(BUILDS.values()))
    return next(
        (build for major, build in BUILDS.items() if driver_major >= LEAST_DRIVER[major]), [*BUILDS.values()][-1]
    )


def _smi() -> NvidiaDevices:
    program = shutil.which("nvidia-smi")
    if program is None:
        return NvidiaDevices()
    try:
        done = subprocess.run(  # noqa: S603 - a program of the driver, by its full path
            [program, *QUERY], capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return NvidiaDevices(trouble=f"nvidia-smi: {type(error).__name__}")
    rows = [[cell.strip() for cell in line.split(",")] for line in done.stdout.splitlines()]
    rows = [row for row in rows if len(row) == 2]
    if done.returncode or not rows:
        said = (done.stdout + done.stderr).strip().splitlines() or [f"status {done.returncode}"]
        return NvidiaDevices(trouble=f"nvidia-smi: {said[0][:200]}")
    return NvidiaDevices(tuple(name for name, _driver in rows), rows[0][1])


def _library() -> NvidiaDevices:
    """The driver's management library (NVML), by its own calls."""
    nvml = None
    with contextlib.suppress(OSError):
        nvml = ctypes.CDLL("nvml.dll" if sys.platform == "win32" else "libnvidia-ml.so.1")
    if nvml is None or nvml.nvmlInit_v2():
        return NvidiaDevices()
    text = ctypes.create_string_buffer(96)
    count = ctypes.c_uint()
    driver = "" if nvml.nvmlSystemGetDriverVersion(text, len(text)) else text.value.decode(errors="replace")
    names = []
    if not nvml.nvmlDeviceGetCount_v2(ctypes.byref(count)):
        for at in range(count.value):
            device = ctypes.c_void_p()
            nvml.nvmlDeviceGetHandleByIndex_v2(at, ctypes.byref(device))
            if not nvml.nvmlDeviceGetName(device, text, len(text)):
                names.append(text.value.decode(errors="replace"))
    nvml.nvmlShutdown()
    return NvidiaDevices(tuple(names), driver)


def _files() -> NvidiaDevices:
    """What the kernel's part of the driver shows, or that there is a device at all."""
    driver = ""
    with contextlib.suppress(OSError):
        version = re.search(r"Kernel Module.*?\s(\d+(?:\.\d+)+)", (PROC / "version").read_text(errors="replace"))
        driver = version[1] if version else ""
    names = []
    for path in sorted(PROC.glob("gpus/*/information")):
        with contextlib.suppress(OSError):
            model = re.search(r"Model:\s*(.+)", path.read_text(errors="replace"))
            names.append(model[1].strip() if model else path.parent.name)
    if not names and any(path.exists() for path in DEVICES):
        names.append("an NVIDIA device")
    return NvidiaDevices(tuple(names), driver)
