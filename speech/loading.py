"""From a configuration to a loaded engine. The only place that chooses among engines; imports torch late."""

from __future__ import annotations

import os
import pickle
from typing import TYPE_CHECKING

from speech import weights
from speech.config import BadSetting, Config

if TYPE_CHECKING:
    from speech.engines import Engine  # brings numpy, which whoever looks for what is missing does without


def load(config: Config, say: weights.Say) -> Engine:
    """The engine that `config` asks for, its model in memory. Raises `BadSetting`, `weights.Unobtainable`."""
    import torch
    import whisper

    from speech.engines.whisper import WhisperEngine

    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(max(1, min(8, processors())))
    device = chosen_device(config.device, torch.cuda.device_count() if torch.cuda.is_available() else 0)
    dtype = chosen_dtype(config.dtype, device)
    checkpoint = weights.choose(config.model, config.model_dir, whisper._MODELS, gpu=device.startswith("cuda"), say=say)
    try:
        return WhisperEngine(
            checkpoint.path,
            model=checkpoint.name,
            demo=checkpoint.demo,
            device=device,
            dtype=dtype,
            window=config.window,
        )
    except (RuntimeError, KeyError, EOFError, OSError, ValueError, TypeError, pickle.UnpicklingError) as error:
        raise weights.Unobtainable(
            f"{checkpoint.path} cannot be loaded as a Whisper checkpoint ({type(error).__name__}). "
            "Give a .pt in openai-whisper's format, or set WHISPER_MODEL to auto."
        ) from error


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


def multiplies_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 by instructions of its own: AMX, or AVX-512 BF16."""
    import torch

    return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())


def chosen_dtype(wanted: str, device: str) -> str:
    """What it computes in. Raises `BadSetting`."""
    if wanted == "auto" and device == "cpu":
        return "bfloat16" if multiplies_bfloat16() else "float32"
    if wanted == "auto":
        return "float16"
    if wanted == "float16" and device == "cpu":
        raise BadSetting("WHISPER_DTYPE='float16' needs a CUDA device. Use auto, float32 or bfloat16 on a CPU.")
    return wanted
