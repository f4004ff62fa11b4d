"""CTranslate2's model file (`model.bin`, version 6) read as tensors by openai-whisper's names.

The reverse of speech/engines/ctranslate2/network.py: attention's query, key and value come apart again, and the
key's bias, which CTranslate2 wants and Whisper does not have, is left out. float16 in, float16 out: nothing is lost.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from pathlib import Path

import torch

TYPES = {0: torch.float32, 4: torch.float16}
VERSION = 6


class Unreadable(ValueError):
    """A file that is no CTranslate2 model of Whisper in float16 or float32."""


def read(path: Path) -> dict[str, torch.Tensor]:
    """The tensors in the file, mapped into memory. Raises `Unreadable`, `OSError`."""
    with path.open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    try:
        return dict(_renamed(dict(_Reader(data).variables())))
    except (KeyError, ValueError, struct.error, UnicodeDecodeError) as error:
        raise Unreadable(f"{path.name} is no Whisper model of CTranslate2's ({error})") from error


class _Reader:
    """Reads the file from its start: numbers little-endian, strings with their length and a NUL."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = 0

    def variables(self) -> Iterator[tuple[str, torch.Tensor]]:
        """Every variable with its name. Those that only compute (scales, alignment heads) have other types: left out
        where they are integers of no dimension."""
        version = self._number("<I")
        if version != VERSION:
            raise ValueError(f"version {version}")
        self._string()  # the specification's name
        self._number("<I")  # and revision
        for _ in range(self._number("<I")):
            name = self._string()
            shape = [self._number("<I") for _ in range(self._number("<B"))]
            kind, size = self._number("<B"), self._number("<I")
            start = self._at
            self._at += size
            if kind in TYPES and size:
                count = size // TYPES[kind].itemsize
                yield name, torch.frombuffer(self._data, dtype=TYPES[kind], count=count, offset=start).reshape(shape)

    def _number(self, form: str) -> int:
        value: int = struct.unpack_from(form, self._data, self._at)[0]
        self._at += struct.calcsize(form)
        return value

    def _string(self) -> str:
        length = self._number("<H")
        text = self._data[self._at : self._at + length - 1].decode()
        self._at += length
        return text


Found = Iterator[tuple[str, torch.Tensor]]


def _renamed(stored: dict[str, torch.Tensor]) -> Found:
    for name in ("conv1", "conv2"):
        yield from _linear(stored, f"encoder/{name}", f"encoder.{name}")
    for side, norm in (("encoder", "ln_post"), ("decoder", "ln")):
        yield f"{side}.positional_embedding", stored[f"{side}/position_encodings/encodings"]
        yield from _norm(stored, f"{side}/layer_norm", f"{side}.{norm}")
        for place in range(_layers(stored, side)):
            yield from _block(stored, f"{side}/layer_{place}", f"{side}.blocks.{place}")
    yield "decoder.token_embedding.weight", stored["decoder/embeddings/weight"]
    for place in range(_layers(stored, "decoder")):
        yield from _cross_attention(stored, f"decoder/layer_{place}/attention", f"decoder.blocks.{place}.cross_attn")


def _layers(stored: dict[str, torch.Tensor], side: str) -> int:
    places = {name.split("/")[1] for name in stored if name.startswith(f"{side}/layer_")}
    return len(places - {"layer_norm"})


def _block(stored: dict[str, torch.Tensor], source: str, target: str) -> Found:
    """What a layer of the encoder and one of the decoder have in common."""
    yield from _norm(stored, f"{source}/self_attention/layer_norm", f"{target}.attn_ln")
    yield from _fused(stored, f"{source}/self_attention/linear_0", f"{target}.attn", ("query", "key", "value"))
    yield from _linear(stored, f"{source}/self_attention/linear_1", f"{target}.attn.out")
    yield from _norm(stored, f"{source}/ffn/layer_norm", f"{target}.mlp_ln")
    yield from _linear(stored, f"{source}/ffn/linear_0", f"{target}.mlp.0")
    yield from _linear(stored, f"{source}/ffn/linear_1", f"{target}.mlp.2")


def _cross_attention(stored: dict[str, torch.Tensor], source: str, target: str) -> Found:
    yield from _norm(stored, f"{source}/layer_norm", f"{target}_ln")
    yield from _fused(stored, f"{source}/linear_0", target, ("query",))
    yield from _fused(stored, f"{source}/linear_1", target, ("key", "value"))
    yield from _linear(stored, f"{source}/linear_2", f"{target}.out")


def _norm(stored: dict[str, torch.Tensor], source: str, target: str) -> Found:
    yield f"{target}.weight", stored[f"{source}/gamma"]
    yield f"{target}.bias", stored[f"{source}/beta"]


def _linear(stored: dict[str, torch.Tensor], source: str, target: str) -> Found:
    yield f"{target}.weight", stored[f"{source}/weight"]
    yield f"{target}.bias", stored[f"{source}/bias"]


def _fused(stored: dict[str, torch.Tensor], source: str, target: str, parts: tuple[str, ...]) -> Found:
    """Several projections stored as one matrix, the first on top."""
    weights = stored[f"{source}/weight"].chunk(len(parts))
    biases = stored[f"{source}/bias"].chunk(len(parts))
    for part, weight, bias in zip(parts, weights, biases, strict=True):
        yield f"{target}.{part}.weight", weight
        if part != "key":
            yield f"{target}.{part}.bias", bias
