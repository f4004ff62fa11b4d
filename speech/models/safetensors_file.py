"""Hugging Face's file format `safetensors`, read as tensors mapped into memory.

A file is the length of a JSON header (8 bytes, little-endian), the header (each tensor's type, shape and place), and
the tensors' bytes. That is all of it, and it is only read here, so there is no package for it.
Source: https://huggingface.co/docs/safetensors, «Format».
"""

from __future__ import annotations

import json
import math
import mmap
from collections.abc import Iterator
from pathlib import Path

import torch

TYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
HEADER_MAX_BYTES = 100_000_000  # the format's own limit


class Unreadable(ValueError):
    """Raised for a file that is not in this format, or whose tensors have other types than a model's."""


def read(path: Path) -> dict[str, torch.Tensor]:
    """The tensors in the file. Raises `Unreadable`, `OSError`."""
    with path.open("rb") as file:
        if path.stat().st_size < 8:
            raise Unreadable(f"{path.name} is too short")
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    try:
        return dict(_tensors(data))
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise Unreadable(f"{path.name} is no safetensors file ({type(error).__name__}: {error})") from error


def _tensors(data: mmap.mmap) -> Iterator[tuple[str, torch.Tensor]]:
    length = int.from_bytes(data[:8], "little")
    if length > min(HEADER_MAX_BYTES, len(data) - 8):
        raise ValueError(f"a header of {length} bytes")
    header = json.loads(data[8 : 8 + length])
    for name, place in header.items():
        if name == "__metadata__":
            continue
        dtype, shape = TYPES[place["dtype"]], place["shape"]
        start, end = (8 + length + offset for offset in place["data_offsets"])
        count = math.prod(shape)
        if end - start != count * dtype.itemsize or not 8 + length <= start <= end <= len(data):
            raise ValueError(f"{name} does not lie where the header says")
        yield name, torch.frombuffer(data, dtype=dtype, count=count, offset=start).reshape(shape)
