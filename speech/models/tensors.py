"""Tensors of a Whisper model by openai-whisper's names: their canonical checksum and the `.pt` file that holds them.

Every source ends here. The checksum is SHA-256 over the tensors in the order of their names, each as its name, its
shape and its float16 values (little-endian), so it is the same however a file stores them.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

Tensors = Mapping[str, torch.Tensor]

CHECKSUM_KEY = "tensors_sha256"  # beside `dims` and `model_state_dict` in the files that this module writes
KNOWN = {  # where two sources were compared: whatever a file came from, its tensors must be these
    "base": "63d76c6f774fb6bb44aa554329ae090b1332397a97c44da865831c03c9e4464c",
    "tiny.en": "12aa3a978f568864a38eb9fa6a6158795d3567734a726a484d414135567a8473",
}
HEAD_WIDTH = 64  # of every Whisper model
UNREADABLE = (
    RuntimeError, KeyError, TypeError, ValueError, EOFError, OSError, AttributeError, pickle.UnpicklingError,
    zipfile.BadZipFile,
)  # fmt: skip


def checksum(tensors: Tensors) -> str:
    """The canonical checksum, in hexadecimal."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().to(torch.float16).contiguous()
        digest.update(f"{name} {'x'.join(map(str, tensor.shape))}\n".encode())
        digest.update(tensor.numpy().astype("<f2", copy=False).reshape(-1).data)
    return digest.hexdigest()


def write(path: Path, tensors: Tensors) -> str:
    """Write a checkpoint in openai-whisper's format, float16 as OpenAI's own, and return its checksum. The file is on
    the disk when this returns. Raises `OSError`, and `KeyError` where a tensor is missing."""
    halves = {name: tensor.to(torch.float16, copy=True).contiguous() for name, tensor in tensors.items()}
    found = checksum(halves)
    held = {"dims": dimensions(halves), "model_state_dict": halves, CHECKSUM_KEY: found}
    with path.open("wb") as file:
        try:
            torch.save(held, file)
        except RuntimeError as error:  # what torch makes of a write that failed
            raise _cause(error) from error
        file.flush()
        os.fsync(file.fileno())
    return found


def dimensions(tensors: Tensors) -> dict[str, int]:
    """openai-whisper's `ModelDimensions`, as the tensors' shapes tell them."""
    vocabulary, text_state = tensors["decoder.token_embedding.weight"].shape
    audio_state, mels = tensors["encoder.conv1.weight"].shape[:2]
    return {
        "n_mels": mels,
        "n_audio_ctx": tensors["encoder.positional_embedding"].shape[0],
        "n_audio_state": audio_state,
        "n_audio_head": audio_state // HEAD_WIDTH,
        "n_audio_layer": _layers(tensors, "encoder"),
        "n_vocab": vocabulary,
        "n_text_ctx": tensors["decoder.positional_embedding"].shape[0],
        "n_text_state": text_state,
        "n_text_head": text_state // HEAD_WIDTH,
        "n_text_layer": _layers(tensors, "decoder"),
    }


def is_whole(path: Path, model: str) -> bool:
    """Whether a checkpoint holds the tensors it should: those known for `model`, or else those that it was written
    with. False for a file that cannot be read, and for one that nobody has given a checksum."""
    try:
        held = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        wanted = KNOWN.get(model) or held[CHECKSUM_KEY]
        return checksum(held["model_state_dict"]) == wanted
    except UNREADABLE:
        return False


def was_written_here(path: Path) -> bool:
    """Whether a checkpoint carries the checksum that `write` adds. The tensors are not read."""
    try:
        held: Any = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        return CHECKSUM_KEY in held
    except UNREADABLE:
        return False


def _layers(tensors: Tensors, side: str) -> int:
    start = f"{side}.blocks."
    return len({name.removeprefix(start).partition(".")[0] for name in tensors if name.startswith(start)})


def _cause(error: BaseException) -> OSError:
    """What the operating system said, where it is among the error's causes."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError):
            return OSError(cause.errno, cause.strerror)
        cause = cause.__cause__ or cause.__context__
    return OSError(str(error).splitlines()[0][:200])
