"""speech.models.tensors: one checksum for the same tensors, however they are stored; the file that carries it."""

from __future__ import annotations

import errno

import pytest
import torch
import whisper

from speech.models import tensors
from tests.speech.models import small
from tests.speech.models.disk import small_disk


def test_checksum_is_the_same_for_the_same_values_in_another_type_order_and_layout():
    held = small.tensors()
    other = {name: held[name].float() for name in reversed(list(held))}
    turned = {name: tensor.t().contiguous().t() if tensor.dim() == 2 else tensor for name, tensor in held.items()}
    assert tensors.checksum(other) == tensors.checksum(turned) == tensors.checksum(held)


def test_checksum_is_another_for_another_value_name_or_shape():
    one = {"a": torch.tensor([[1.0, 2.0]])}
    others = [{"a": torch.tensor([[1.0, 2.5]])}, {"b": one["a"]}, {"a": one["a"].t()}]
    assert len({tensors.checksum(held) for held in [one, *others]}) == 4


def test_written_checkpoint_is_loaded_by_openai_whisper_with_the_same_weights(checkpoint):
    model = whisper.load_model(str(checkpoint), device="cpu")
    held = small.tensors()
    assert model.dims.n_text_layer == small.LAYERS
    assert model.dims.n_audio_head == 1
    assert all(torch.equal(model.state_dict()[name], tensor.float()) for name, tensor in held.items())


def test_written_checkpoint_is_whole(checkpoint):
    assert tensors.is_whole(checkpoint, small.NAME)
    assert tensors.was_written_here(checkpoint)


@pytest.mark.parametrize("damage", ["flipped", "cut", "empty"])
def test_damaged_checkpoint_is_not_whole(checkpoint, tmp_path, damage):
    data = bytearray(checkpoint.read_bytes())
    data[len(data) // 2] ^= 0xFF
    kept = {"flipped": bytes(data), "cut": bytes(data[: len(data) // 2]), "empty": b""}[damage]
    (tmp_path / "damaged.pt").write_bytes(kept)
    assert not tensors.is_whole(tmp_path / "damaged.pt", small.NAME)


def test_other_tensors_under_a_known_models_name_are_not_whole(checkpoint):
    assert not tensors.is_whole(checkpoint, "base")


def test_checkpoint_without_a_checksum_is_not_whole(tmp_path):
    held = small.tensors()
    torch.save({"dims": tensors.dimensions(held), "model_state_dict": held}, tmp_path / "own.pt")
    assert not tensors.is_whole(tmp_path / "own.pt", small.NAME)
    assert not tensors.was_written_here(tmp_path / "own.pt")


def test_full_disk_is_an_error_of_the_system(tmp_path):
    with small_disk(tmp_path / "disk", 1024) as folder, pytest.raises(OSError, match="No space left") as caught:
        tensors.write(folder / "small.pt", small.tensors())
    assert caught.value.errno == errno.ENOSPC
