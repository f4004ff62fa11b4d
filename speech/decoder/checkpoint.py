"""A checkpoint in openai-whisper's format, read: its dimensions, its weights, its alignment heads."""

from __future__ import annotations

import base64
import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import whisper
from whisper.model import ModelDimensions

MULTILINGUAL_VOCABULARY = 51_865  # and more; models of English alone have one token less


@dataclass(frozen=True)
class Checkpoint:
    """Weights by openai-whisper's names; `heads`: (layer, head) of the cross-attention whose weights tell times."""

    dims: ModelDimensions
    weights: dict[str, torch.Tensor]
    heads: tuple[tuple[int, int], ...]

    @property
    def multilingual(self) -> bool:
        return bool(self.dims.n_vocab >= MULTILINGUAL_VOCABULARY)

    @property
    def languages(self) -> int:
        """How many languages the vocabulary has tokens for."""
        return int(self.dims.n_vocab) - 51_765 - int(self.multilingual)


def read(path: Path, name: str) -> Checkpoint:
    """The checkpoint at `path`, in the CPU's memory. `name` is openai-whisper's, or any other where it has none.
    Raises whatever torch does for a file that is no such checkpoint, KeyError and TypeError among it."""
    # mapped: a large model's file is not in memory twice while it is loaded
    stored = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    if not isinstance(stored, dict):
        raise TypeError(f"a {type(stored).__name__}, where a checkpoint is a dictionary")
    dims = ModelDimensions(**stored["dims"])
    weights = {key: value for key, value in stored["model_state_dict"].items() if isinstance(value, torch.Tensor)}
    return Checkpoint(dims, weights, alignment_heads(name, dims))


def alignment_heads(name: str, dims: ModelDimensions) -> tuple[tuple[int, int], ...]:
    """Those that openai-whisper lists for its own models; for others all heads of the later half of the layers. A
    name alone does not make a file that model: another's shape tells."""
    layers, heads = dims.n_text_layer, dims.n_text_head
    listed = np.zeros(0, bool)
    if name in whisper._ALIGNMENT_HEADS:
        listed = np.frombuffer(gzip.decompress(base64.b85decode(whisper._ALIGNMENT_HEADS[name])), bool)
    if listed.size != layers * heads:
        return tuple((layer, head) for layer in range(layers // 2, layers) for head in range(heads))
    return tuple((int(layer), int(head)) for layer, head in np.argwhere(listed.reshape(layers, heads)))
