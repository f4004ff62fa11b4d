"""Python packages that are broken, absent or of another machine: put on the path of a process before the real ones."""

from __future__ import annotations

from pathlib import Path

NO_RUNTIME = (
    "[WinError 126] The specified module could not be found. "
    r'Error loading "C:\meeting\.venv\Lib\site-packages\torch\lib\fbgemm.dll" or one of its dependencies.'
)
NO_RESOURCES = "ModuleNotFoundError(\"No module named 'pkg_resources'\", name='pkg_resources')"

LISTED = "turbo"  # a model that the stand-in for whisper lists, and that is nowhere
WHISPER = """
_MODELS = {"large-v3": "https://models.invalid/0123/large-v3.pt", "turbo": "https://models.invalid/4567/turbo.pt"}
"""


def raising(folder: Path, package: str, error: str) -> str:
    """A package whose import raises this; what to set PYTHONPATH to."""
    (folder / package).mkdir(parents=True)
    (folder / package / "__init__.py").write_text(f"raise {error}\n", encoding="utf-8")
    return str(folder)


def absent(folder: Path, package: str) -> str:
    """As if the package were not installed."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sitecustomize.py").write_text(
        f"""
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name == {package!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
""",
        encoding="utf-8",
    )
    return str(folder)


def torch_of(folder: Path, *, cuda: str | None, devices: int = 0, capability: tuple[int, int] = (9, 0)) -> str:
    """A torch as it shows itself on a machine with an NVIDIA device, and the models that whisper lists."""
    (folder / "torch").mkdir(parents=True)
    (folder / "torch" / "__init__.py").write_text(
        f"""
from types import SimpleNamespace
__version__ = "2.13.0+{"cu" + cuda.replace(".", "") if cuda else "cpu"}"
version = SimpleNamespace(cuda={cuda!r})
device = str
cpu = SimpleNamespace(_is_amx_tile_supported=lambda: False, _is_avx512_bf16_supported=lambda: False)
cuda = SimpleNamespace(
    is_available=lambda: {devices} > 0,
    device_count=lambda: {devices},
    get_device_capability=lambda at: {capability},
    get_arch_list=lambda: ["sm_75", "sm_80", "sm_90", "compute_90"],
    mem_get_info=lambda device: (4 << 30, 8 << 30),
)
""",
        encoding="utf-8",
    )
    (folder / "whisper").mkdir()
    (folder / "whisper" / "__init__.py").write_text(WHISPER, encoding="utf-8")
    return str(folder)


def nvidia_smi(folder: Path, says: str, status: int = 0) -> Path:
    """A driver's program that says this; the folder to put first on PATH."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{says}\nEND\nexit {status}\n", encoding="utf-8")
    program.chmod(0o755)
    return folder
