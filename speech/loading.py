"""Loading of the engine that a configuration asks for. Imports torch late."""

from __future__ import annotations

import os
from collections.abc import Mapping, Set
from pathlib import Path
from typing import TYPE_CHECKING

from speech import without_numba
from speech.config import BadSetting, Config
from speech.models import choice, sources
from speech.models.checkpoint_file import flaw

if TYPE_CHECKING:
    from speech.engines import Engine  # brings numpy, which whoever looks for what is missing does without

FASTER_WHISPER = "faster-whisper"
CURE = "Give a .pt in openai-whisper's format, or set WHISPER_MODEL to auto."
SMALLER = "Set WHISPER_MODEL to a smaller one, or WHISPER_DEVICE to cpu."


def load(config: Config, say: choice.Say) -> Engine:
    """The engine that `config` asks for, its model in memory. Raises `BadSetting`, `ModelUnobtainable`."""
    return _faster_whisper(config, say) if config.engine == FASTER_WHISPER else _whisper(config, say)


def _whisper(config: Config, say: choice.Say) -> Engine:
    import torch

    whisper = without_numba.whisper()
    from speech.engines.whisper import WhisperEngine

    if threads():
        torch.set_num_threads(threads())
    device = chosen_device(config.device, torch.cuda.device_count() if torch.cuda.is_available() else 0)
    dtype = chosen_dtype(config.dtype, device)
    checkpoint = _chosen(config, whisper._MODELS, device, say)
    try:
        return WhisperEngine(
            checkpoint.path,
            model=checkpoint.name,
            demo=checkpoint.demo,
            device=device,
            dtype=dtype,
            window=config.window,
        )
    except Exception as error:  # whatever lies in a foreign file; where it came from stays to be seen
        raise _unobtainable(checkpoint.path, device, error) from error


def _faster_whisper(config: Config, say: choice.Say) -> Engine:
    device = faster_whisper_device(config.device)
    dtype = chosen_compute_type(config.dtype, device, compute_types(device))
    whisper = without_numba.whisper()
    from speech.engines.ctranslate2 import model_folder
    from speech.engines.faster_whisper import FasterWhisperEngine

    folder, name, demo = converted_folder(config), config.model, False
    source = folder
    try:
        if folder is None:
            checkpoint = _chosen(config, whisper._MODELS, device, say)
            name, demo, source = checkpoint.name, checkpoint.demo, checkpoint.path
            folder = model_folder.obtain(source, name, config.model_dir, say)
        else:
            name = folder.name
        return FasterWhisperEngine(
            folder, model=name, demo=demo, device=device, dtype=dtype, threads=threads(), window=config.window
        )
    except choice.ModelUnobtainable:
        raise
    except Exception as error:  # as above
        raise _unobtainable(source or Path(name), device, error) from error


def _chosen(config: Config, known: Mapping[str, str], device: str, say: choice.Say) -> choice.PublishedCheckpoint:
    """The checkpoint that is asked for. Raises `ModelUnobtainable`, also for a file that is plainly none."""
    found = sources.of(config.sources, known, config.hf_endpoint)
    gpu = device.startswith("cuda")
    checkpoint = choice.choose(config.model, config.model_dir, known, found, gpu=gpu, say=say)
    if checkpoint.name not in known and (wrong := flaw(checkpoint.path)):  # those that are known have a checksum
        raise choice.ModelUnobtainable(f"{checkpoint.path} {wrong}. {CURE}")
    return checkpoint


def _unobtainable(path: Path, device: str, error: Exception) -> choice.ModelUnobtainable:
    from speech.engines import lost

    if lost(error).retryable:
        return choice.ModelUnobtainable(f"{path} does not fit into the memory of {device}. {SMALLER}")
    what = f"{path} cannot be loaded as a Whisper checkpoint ({type(error).__name__})"
    return choice.ModelUnobtainable(f"{what}. {CURE}")


def converted_folder(config: Config) -> Path | None:
    """The folder that WHISPER_MODEL names, where it is one of CTranslate2's. Raises `ModelUnobtainable` where it is
    one without what turns text into tokens: faster-whisper would look for that on the network."""
    folder = Path(config.model).expanduser()
    if config.engine != FASTER_WHISPER or not (folder / "model.bin").is_file():
        return None
    if not (folder / "tokenizer.json").is_file():
        raise choice.ModelUnobtainable(
            f"{folder} has no tokenizer.json beside its model.bin. Put there the one that came with the model, or set "
            "WHISPER_MODEL to a .pt in openai-whisper's format."
        )
    return folder


def threads() -> int:
    """How many threads compute; 0 where OMP_NUM_THREADS says it."""
    return 0 if "OMP_NUM_THREADS" in os.environ else max(1, min(8, processors()))


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def chosen_device(wanted: str, gpus: int) -> str:
    """Where the model computes, with so many CUDA devices there. Raises `BadSetting`."""
    if wanted == "auto":
        return "cuda" if gpus else "cpu"
    if wanted.startswith("cuda") and int(wanted.partition(":")[2] or 0) >= gpus:
        found = f"{gpus} CUDA devices" if gpus else "no CUDA device"
        raise BadSetting(f"WHISPER_DEVICE={wanted!r}: this machine has {found}. Use auto or cpu.")
    return wanted


def faster_whisper_device(wanted: str) -> str:
    """The same as CTranslate2 sees it, which has CUDA of its own. Raises `BadSetting` where it is not installed."""
    try:
        import ctranslate2
        import faster_whisper
    except ModuleNotFoundError as error:
        raise BadSetting(
            f"SPEECH_ENGINE='faster-whisper' needs the package {error.name}, which is not installed. "
            "Run `python -m pip install -r requirements-faster-whisper.txt`, or use whisper."
        ) from error
    del faster_whisper  # it is there
    return chosen_device(wanted, int(ctranslate2.get_cuda_device_count()))


def multiplies_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 by instructions of its own: AMX, or AVX-512 BF16."""
    import torch

    return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())


def chosen_dtype(wanted: str, device: str) -> str:
    """What openai-whisper's weights compute in. Raises `BadSetting`."""
    if wanted == "auto" and device == "cpu":
        return "bfloat16" if multiplies_bfloat16() else "float32"
    if wanted == "auto":
        return "float16"
    if wanted == "float16" and device == "cpu":
        raise BadSetting("WHISPER_DTYPE='float16' needs a CUDA device. Use auto, float32 or bfloat16 on a CPU.")
    if wanted == "int8":
        raise BadSetting("WHISPER_DTYPE='int8' needs SPEECH_ENGINE=faster-whisper. Use auto, float32 or bfloat16.")
    return wanted


def compute_types(device: str) -> Set[str]:
    """What CTranslate2 can compute in on this device."""
    import ctranslate2

    kind, _, index = device.partition(":")
    return frozenset(ctranslate2.get_supported_compute_types(kind, int(index or 0)))


def chosen_compute_type(wanted: str, device: str, supported: Set[str]) -> str:
    """What faster-whisper computes in, of what CTranslate2 can there. Raises `BadSetting`."""
    gpu = device.startswith("cuda")
    if wanted == "auto":
        wanted = "float16" if gpu and "float16" in supported else "int8"
    if wanted == "int8" and gpu and "int8_float16" in supported:
        wanted = "int8_float16"
    if wanted not in supported:
        can = ", ".join(sorted({"float32", "bfloat16", "float16", "int8"} & supported))
        raise BadSetting(
            f"WHISPER_DTYPE={wanted!r}: faster-whisper cannot compute in it on {device}. Use auto or {can}."
        )
    return wanted
