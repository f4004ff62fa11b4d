"""Each form that a source stores a model in gives openai-whisper's tensors back, bit by bit."""

from __future__ import annotations

import json

import pytest
import torch

from speech.models import ctranslate2_file, safetensors_file, tensors, transformers_names
from tests.speech.models import small


def test_a_file_that_ctranslate2_wrote_gives_the_same_tensors(checkpoint, tmp_path):
    read = ctranslate2_file.read(small.ctranslate2_file(checkpoint, tmp_path))
    assert tensors.checksum(read) == tensors.checksum(small.tensors())


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _other_version(data: bytes) -> bytes:
    return (5).to_bytes(4, "little") + data[4:]


def _noise(data: bytes) -> bytes:
    return bytes(range(256)) * 40


@pytest.mark.parametrize("damage", [_cut, _other_version, _noise])
def test_a_damaged_ctranslate2_file_is_refused(checkpoint, tmp_path, damage):
    path = small.ctranslate2_file(checkpoint, tmp_path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ctranslate2_file.Unreadable, match=r"model\.bin"):
        ctranslate2_file.read(path)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_transformers_safetensors_give_the_same_tensors(tmp_path, dtype):
    path = small.safetensors_file(tmp_path / "model.safetensors", small.tensors(), dtype)
    read = transformers_names.renamed(safetensors_file.read(path))
    assert tensors.checksum(read) == tensors.checksum(small.tensors())


@pytest.mark.parametrize("name", ["model.encoder.layers.0.gate.weight", "model.vision.conv1.bias", "encoder.norm.bias"])
def test_a_tensor_that_no_whisper_model_has_is_refused(name):
    with pytest.raises(ValueError, match="Whisper"):
        transformers_names.renamed({name: torch.zeros(1)})


def _file(header: object, data: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"short",
        (1 << 60).to_bytes(8, "little") + b"{}",
        (4).to_bytes(8, "little") + b"no j",
        _file({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}, b"only half"),
        _file({"a": {"dtype": "F32", "shape": [1], "data_offsets": [-8, -4]}}, bytes(16)),
        _file({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}, bytes(16)),
        _file({"a": {"dtype": "I64", "shape": [1], "data_offsets": [0, 8]}}, bytes(16)),
        _file(["no", "object"]),
        _file({"a": 1}),
    ],
)
def test_what_is_no_safetensors_file_is_refused(tmp_path, content):
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(safetensors_file.Unreadable, match=r"model\.safetensors"):
        safetensors_file.read(tmp_path / "model.safetensors")
