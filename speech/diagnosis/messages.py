"""Messages of the diagnosis: each problem of the speech tier, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ERROR, WARNING = "error", "warning"  # nothing is heard; something is, but not as it could be

# level, what is the case, what to do
PROBLEMS: dict[str, tuple[str, str, str]] = {
    "bad_setting": (ERROR, "%(why)s", "Correct the setting, or unset it."),
    "torch_missing": (
        ERROR,
        "torch is not installed in %(python)s.",
        "Run `python tools/setup.py`, or `%(python)s -m pip install -r requirements.txt`.",
    ),
    "visual_cpp_missing": (
        ERROR,
        "torch cannot be loaded: Windows does not find a library that it needs (%(why)s).",
        "Install the Microsoft Visual C++ Redistributable for x64 (https://aka.ms/vs/17/release/vc_redist.x64.exe) "
        "and open a new terminal. If fbgemm.dll is still named, install torch again: "
        "`%(python)s -m pip install --force-reinstall torch`.",
    ),
    "package_missing": (
        ERROR,
        "The package %(package)s is not installed in %(python)s.",
        "Run `python tools/setup.py`, or `%(python)s -m pip install -r requirements.txt`.",
    ),
    "package_broken": (
        ERROR,
        "The package %(package)s cannot be loaded: %(why)s",
        "Install it again: `%(python)s -m pip install --force-reinstall -r requirements.txt`.",
    ),
    "webrtcvad_broken": (
        ERROR,
        "The package webrtcvad cannot be loaded: %(why)s",
        "The original webrtcvad needs pkg_resources, which setuptools no longer has. Take the one built for today's "
        "Python: `%(python)s -m pip uninstall -y webrtcvad`, then `%(python)s -m pip install -r requirements.txt`.",
    ),
    "torch_without_cuda": (
        WARNING,
        "This machine has %(devices)s, but torch %(torch)s was built without CUDA: the processor alone computes.",
        "Install PyTorch's build with CUDA: `%(python)s -m pip install --force-reinstall torch==%(version)s "
        "--index-url https://download.pytorch.org/whl/%(build)s` (https://pytorch.org/get-started/locally/ shows "
        "which builds there are), or set WHISPER_DEVICE=cpu.",
    ),
    "driver_too_old": (
        WARNING,
        "The NVIDIA driver %(driver)s is too old for the CUDA %(cuda)s that torch was built with, which wants "
        "%(least)s or later: the processor alone computes.",
        "Update the driver (https://www.nvidia.com/drivers), or install a torch built with an older CUDA, or set "
        "WHISPER_DEVICE=cpu.",
    ),
    "driver_silent": (
        WARNING,
        "There is an NVIDIA device, but its driver does not answer (%(why)s): the processor alone computes.",
        "Install the driver, or start the machine anew after an update of it. In a container, start that with its GPUs "
        "(`docker run --gpus all`).",
    ),
    "cuda_unusable": (
        WARNING,
        "This machine has %(devices)s and torch was built with CUDA %(cuda)s, yet torch cannot use it: the processor "
        "alone computes.",
        "See whether CUDA_VISIBLE_DEVICES hides it and whether the driver %(driver)s runs: "
        '`%(python)s -c "import torch; torch.zeros(1).cuda()"` says what is missing.',
    ),
    "gpu_unsupported": (
        WARNING,
        "torch %(torch)s was built without code for %(devices)s (compute capability %(capability)s).",
        "Install a torch build that still knows it (https://pytorch.org/get-started/previous-versions/), or set "
        "WHISPER_DEVICE=cpu.",
    ),
    "model_refused": (ERROR, "%(why)s", "Set WHISPER_MODEL to auto, to one of those names, or to a .pt that is there."),
    "model_damaged": (
        ERROR,
        "%(path)s is no whole Whisper checkpoint: %(why)s",
        "Fetch the file again, or give another one: a .pt in openai-whisper's format.",
    ),
    "model_to_fetch_again": (
        WARNING,
        "%(path)s is damaged: its checksum is not that of the model %(model)s.",
        "Delete it: the next start fetches it again. Without a network, put a whole one in its place.",
    ),
    "model_to_fetch": (
        WARNING,
        "The model %(model)s is not on this machine yet: the next start fetches it into %(folder)s, from the first "
        "that gives it of: %(sources)s.",
        "Without a network, put %(file)s there, fetched elsewhere: till then the small trial model serves.",
    ),
    "model_to_fetch_or_stop": (
        WARNING,
        "The model %(model)s is not on this machine yet: the next start fetches it into %(folder)s, from the first "
        "that gives it of: %(sources)s.",
        "Without a network, put %(file)s there, fetched elsewhere: a start that cannot have it stops.",
    ),
    "model_without_source": (
        WARNING,
        "The model %(model)s is not on this machine, and no source of WHISPER_SOURCES=%(names)s has it: the small "
        "trial model serves.",
        "Name another source in WHISPER_SOURCES, or put %(file)s into %(folder)s.",
    ),
    "model_without_source_stops": (
        ERROR,
        "The model %(model)s is not on this machine, and no source of WHISPER_SOURCES=%(names)s has it: a start stops.",
        "Name another source in WHISPER_SOURCES, or put %(file)s into %(folder)s.",
    ),
    "memory_short": (
        WARNING,
        "The model %(model)s takes about %(needed)s GB of memory while it is loaded, and %(free)s GB are free.",
        "End other programs, or take a smaller one: WHISPER_MODEL=%(smaller)s.",
    ),
    "gpu_memory_short": (
        WARNING,
        "The model %(model)s takes about %(needed)s GB of the GPU's memory while it is loaded, and "
        "%(free)s GB are free.",
        "End what else uses the GPU, or take a smaller one: WHISPER_MODEL=%(smaller)s.",
    ),
}


@dataclass(frozen=True)
class Problem:
    """One of them, with what stands in its places."""

    code: str
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def level(self) -> str:
        return PROBLEMS[self.code][0]

    @property
    def message(self) -> str:
        return PROBLEMS[self.code][1] % self.values

    @property
    def cure(self) -> str:
        return PROBLEMS[self.code][2] % self.values

    def shown(self) -> dict[str, object]:
        """As JSON has it: the sentences with their places empty, so that they can be said in another language."""
        level, message, cure = PROBLEMS[self.code]
        return {"code": self.code, "level": level, "message": message, "cure": cure, "values": dict(self.values)}
