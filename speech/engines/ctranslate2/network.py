"""A checkpoint's weights where CTranslate2 looks for them.

Its attention wants the query's, key's and value's weights as one matrix in this order (key and value where the
encoder's output is attended to), and a bias for each; Whisper's keys have none, which is a bias of zeros.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from ctranslate2.specs.whisper_spec import WhisperSpec
from whisper.model import ModelDimensions

Weights = Mapping[str, torch.Tensor]


def specification(dims: ModelDimensions, weights: Weights, tokens: list[str]) -> WhisperSpec:
    """CTranslate2's description of this network, filled. `weights` by openai-whisper's names, any floating type, which
    is kept; `tokens` in the order of their numbers. Raises `KeyError` where a weight is missing."""
    spec = WhisperSpec(dims.n_audio_layer, dims.n_audio_head, dims.n_text_layer, dims.n_text_head)
    spec.register_vocabulary(tokens)
    _encoder(spec.encoder, dims, weights)
    _decoder(spec.decoder, dims, weights)
    spec.validate()
    # the output layer is the embedding again: named instead of stored twice
    spec.decoder.projection.weight = "decoder/embeddings/weight"
    return spec


def _encoder(spec: Any, dims: ModelDimensions, weights: Weights) -> None:
    for name in ("conv1", "conv2"):
        _linear(getattr(spec, name), f"encoder.{name}", weights)
    spec.position_encodings.encodings = weights["encoder.positional_embedding"]
    _norm(spec.layer_norm, "encoder.ln_post", weights)
    for place in range(dims.n_audio_layer):
        _block(spec.layer[place], f"encoder.blocks.{place}", weights)


def _decoder(spec: Any, dims: ModelDimensions, weights: Weights) -> None:
    spec.embeddings.weight = spec.projection.weight = weights["decoder.token_embedding.weight"]
    spec.position_encodings.encodings = weights["decoder.positional_embedding"]
    _norm(spec.layer_norm, "decoder.ln", weights)
    for place in range(dims.n_text_layer):
        block = f"decoder.blocks.{place}"
        _block(spec.layer[place], block, weights)
        across = spec.layer[place].attention
        _norm(across.layer_norm, f"{block}.cross_attn_ln", weights)
        _fused(across.linear[0], f"{block}.cross_attn", ("query",), weights)
        _fused(across.linear[1], f"{block}.cross_attn", ("key", "value"), weights)
        _linear(across.linear[2], f"{block}.cross_attn.out", weights)


def _block(spec: Any, block: str, weights: Weights) -> None:
    """What a layer of the encoder and one of the decoder have in common."""
    _norm(spec.self_attention.layer_norm, f"{block}.attn_ln", weights)
    _fused(spec.self_attention.linear[0], f"{block}.attn", ("query", "key", "value"), weights)
    _linear(spec.self_attention.linear[1], f"{block}.attn.out", weights)
    _norm(spec.ffn.layer_norm, f"{block}.mlp_ln", weights)
    _linear(spec.ffn.linear_0, f"{block}.mlp.0", weights)
    _linear(spec.ffn.linear_1, f"{block}.mlp.2", weights)


def _norm(spec: Any, name: str, weights: Weights) -> None:
    spec.gamma, spec.beta = weights[f"{name}.weight"], weights[f"{name}.bias"]


def _linear(spec: Any, name: str, weights: Weights) -> None:
    spec.weight, spec.bias = weights[f"{name}.weight"], weights[f"{name}.bias"]


def _fused(spec: Any, attention: str, parts: tuple[str, ...], weights: Weights) -> None:
    """Several projections of one attention as one matrix, the first on top."""
    matrices = [weights[f"{attention}.{part}.weight"] for part in parts]
    biases = [
        torch.zeros_like(matrix[:, 0]) if part == "key" else weights[f"{attention}.{part}.bias"]
        for part, matrix in zip(parts, matrices, strict=True)
    ]
    spec.weight, spec.bias = torch.cat(matrices), torch.cat(biases)
