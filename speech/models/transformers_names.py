"""Names of a Whisper model's tensors in Hugging Face's transformers, turned into openai-whisper's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from speech.models.tensors import Tensors

TIED = "proj_out.weight"  # the token embedding again
SIDES = {
    "embed_tokens": "token_embedding",
    "embed_positions.weight": "positional_embedding",
    "conv1": "conv1",
    "conv2": "conv2",
}
LAST_NORM = {"encoder": "ln_post", "decoder": "ln"}
LAYER = {
    "self_attn_layer_norm": "attn_ln",
    "encoder_attn_layer_norm": "cross_attn_ln",
    "final_layer_norm": "mlp_ln",
    "self_attn": "attn",
    "encoder_attn": "cross_attn",
    "fc1": "mlp.0",
    "fc2": "mlp.2",
}
PROJECTIONS = {"q_proj": "query", "k_proj": "key", "v_proj": "value", "out_proj": "out"}


def renamed(stored: Tensors) -> Tensors:
    """The same tensors by openai-whisper's names. Raises `ValueError` for a name that no Whisper model has."""
    return {_openai(name): tensor for name, tensor in stored.items() if name != TIED}


def _openai(name: str) -> str:
    side, found = _side(name)
    if side is None:
        raise ValueError(f"{name} is no tensor of a Whisper model")
    layer = re.fullmatch(r"layers\.(\d+)\.(.+)", found)
    if layer:
        return f"{side}.blocks.{layer[1]}.{'.'.join(_translated(layer[2], LAYER | PROJECTIONS))}"
    if found.startswith("layer_norm."):
        return f"{side}.{LAST_NORM[side]}.{found.removeprefix('layer_norm.')}"
    return f"{side}.{SIDES[found] if found in SIDES else '.'.join(_translated(found, SIDES))}"


def _side(name: str) -> tuple[str | None, str]:
    """`encoder` or `decoder`, and the rest of the name."""
    found = re.fullmatch(r"(?:model\.)?(encoder|decoder)\.(.+)", name)
    return (found[1], found[2]) if found else (None, name)


def _translated(name: str, names: Mapping[str, str]) -> Iterator[str]:
    for part in name.split("."):
        if part not in names and part not in ("weight", "bias"):
            raise ValueError(f"{part} in {name} is nothing of a Whisper model's")
        yield names.get(part, part)
