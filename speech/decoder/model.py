"""Whisper's encoder and decoder as plain functions of tensors, their weights once in the type they compute in."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from speech.decoder.attention import attention
from speech.decoder.cache import Attended as Attended
from speech.decoder.cache import Cache, StaticCache
from speech.decoder.checkpoint import Checkpoint
from speech.decoder.layout import Folds, folded, unfolded
from speech.decoder.linear import Linear

Norm = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class EncoderBlock:
    """One layer that listens."""

    before: Norm
    qkv: Linear
    out: Linear
    middle: Norm
    up: Linear
    down: Linear


@dataclass(frozen=True)
class DecoderBlock(EncoderBlock):
    """One layer that writes."""

    listening: Norm
    query: Linear
    keys_values: Linear
    listened: Linear


class Model:
    """A loaded Whisper. Stateless between calls."""

    def __init__(self, checkpoint: Checkpoint, device: torch.device, dtype: torch.dtype) -> None:
        self.dims, self.device, self.dtype = checkpoint.dims, device, dtype
        taken = _Weights(checkpoint.weights, device, dtype)
        self._conv1, self._conv2 = taken.convolution("encoder.conv1"), taken.convolution("encoder.conv2")
        self._times = taken("encoder.positional_embedding")
        self._encoder = [taken.encoder_block(f"encoder.blocks.{i}") for i in range(self.dims.n_audio_layer)]
        self._encoder_norm = taken.norm("encoder.ln_post")
        self._words = taken("decoder.token_embedding.weight")
        self._positions = taken("decoder.positional_embedding")
        self._decoder = [taken.decoder_block(f"decoder.blocks.{i}") for i in range(self.dims.n_text_layer)]
        self._decoder_norm = taken.norm("decoder.ln")
        self._likeness = Linear(self._words, None)

    @property
    def bytes_heard(self) -> int:
        """What cross-attention's keys and values of one row take."""
        dims = self.dims
        return int(2 * dims.n_text_layer * dims.n_audio_ctx * dims.n_text_state * self.dtype.itemsize)

    @property
    def bytes_written(self) -> int:
        """And self-attention's."""
        dims = self.dims
        return int(2 * dims.n_text_layer * dims.n_text_ctx * dims.n_text_state * self.dtype.itemsize)

    def cache(self, sequences: int) -> Cache:
        """An empty one."""
        return Cache(self.dims, self.dtype, self.device, sequences)

    def static_cache(self, sequences: int) -> StaticCache:
        """One that stays where it is."""
        return StaticCache(self.dims, self.dtype, self.device, sequences)

    def encode(self, mel: torch.Tensor) -> torch.Tensor:
        """Features (rows, frames / 2, width) of a mel (rows, bands, frames)."""
        if self.device.type == "cpu":  # a row at a time stays in the cache; together they are a quarter slower
            return torch.cat([self._encoded_together(row) for row in mel[:, None]])
        return self._encoded_together(mel)

    def _encoded_together(self, mel: torch.Tensor) -> torch.Tensor:
        x = self._conv1(_windows(mel.to(self.dtype).transpose(1, 2), stride=1))
        x = self._conv2(_windows(x, stride=2))
        x = x + self._times[: x.shape[1]]
        for block in self._encoder:
            q, k, v = self._split(block.qkv(_normed(x, block.before)), self.dims.n_audio_head)
            x = block.out.added(_merged(attention(q, k, v)), x)
            x = block.down.added(block.up(_normed(x, block.middle)), x)
        return _normed(x, self._encoder_norm)

    def listened(self, features: torch.Tensor) -> list[Attended]:
        """Cross-attention's keys and values, a pair a layer: once a clip, whatever is then asked of it."""
        heads = self.dims.n_text_head
        pairs = []
        for block in self._decoder:
            keys, values = block.keys_values(features).chunk(2, dim=-1)
            pairs.append((_headed(keys, heads).contiguous(), _headed(values, heads).contiguous()))
        return pairs

    def decode(
        self,
        tokens: torch.Tensor,
        positions: torch.Tensor,
        heard: list[Attended],
        cache: Cache,
        mask: torch.Tensor | None,
        folds: Folds | None = None,
    ) -> torch.Tensor:
        """Hidden states (rows, n, width) after these tokens (rows, n) at these positions (rows, n), which the cache
        takes in. `mask`: bool (rows, 1, n, positions attended to), True where one may look; None: everywhere. `folds`:
        where a row of `heard` has several sequences, which then are the rows of all else, a token each."""
        x = self._words[tokens] + self._positions[positions]
        for layer, (block, listening) in enumerate(zip(self._decoder, heard, strict=True)):
            q, k, v = self._split(block.qkv(_normed(x, block.before)), self.dims.n_text_head)
            attended = F.scaled_dot_product_attention(q, *cache.extended(layer, k, v), attn_mask=mask)
            x = block.out.added(_merged(attended), x)
            x = self._listening(block, x, listening, folds)
            x = block.down.added(block.up(_normed(x, block.middle)), x)
        cache.length += tokens.shape[1]
        return _normed(x, self._decoder_norm)

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """Float32 (..., vocabulary)."""
        return self._likeness(hidden).float()

    def looked_at(
        self, tokens: torch.Tensor, heard: list[Attended], heads: tuple[tuple[int, int], ...]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """How much each token (n,) of one row looks at each moment of its clip, before the softmax, for these (layer,
        head): float32 (heads, n, frames / 2); and the logits (n, vocabulary) after each token."""
        n, width = len(tokens), self.dims.n_text_state // self.dims.n_text_head
        causal = torch.ones(n, n, dtype=torch.bool, device=self.device).tril()[None, None]
        x = (self._words[tokens] + self._positions[:n])[None]
        looks: dict[tuple[int, int], torch.Tensor] = {}
        for layer, (block, listening) in enumerate(zip(self._decoder, heard, strict=True)):
            q, k, v = self._split(block.qkv(_normed(x, block.before)), self.dims.n_text_head)
            x = block.out.added(_merged(F.scaled_dot_product_attention(q, k, v, attn_mask=causal)), x)
            query = _headed(block.query(_normed(x, block.listening)), self.dims.n_text_head)
            for head in [h for at, h in heads if at == layer]:
                looks[layer, head] = query[0, head].float() @ listening[0][0, head].float().T / width**0.5
            x = self._listening(block, x, listening)
            x = block.down.added(block.up(_normed(x, block.middle)), x)
        return torch.stack([looks[one] for one in heads]), self.logits(_normed(x, self._decoder_norm)[0])

    def _listening(
        self, block: DecoderBlock, x: torch.Tensor, listening: Attended, folds: Folds | None = None
    ) -> torch.Tensor:
        """x with what cross-attention adds to it."""
        query = _headed(block.query(_normed(x, block.listening)), self.dims.n_text_head)
        if folds is None:
            attended = _merged(attention(query, *listening))
        else:
            attended = _folded_attention(query, listening, folds)
        return block.listened.added(attended, x)

    def _split(self, qkv: torch.Tensor, heads: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        q, k, v = qkv.chunk(3, dim=-1)
        return _headed(q, heads), _headed(k, heads), _headed(v, heads)


class _Weights:
    """The checkpoint's weights, moved to where they compute, joined where they are multiplied together."""

    def __init__(self, stored: dict[str, torch.Tensor], device: torch.device, dtype: torch.dtype) -> None:
        self._stored, self._device, self._dtype = stored, device, dtype

    def __call__(self, name: str) -> torch.Tensor:
        return self._stored[name].to(self._device, self._dtype, copy=True)

    def norm(self, name: str) -> Norm:
        return self(f"{name}.weight"), self(f"{name}.bias")

    def linear(self, name: str, *, gelu: bool = False) -> Linear:
        return Linear(self(f"{name}.weight"), self(f"{name}.bias"), gelu=gelu)

    def convolution(self, name: str) -> Linear:
        """One over three neighbours as a product with windows of them (see `_windows`): a third of its time."""
        weight = self(f"{name}.weight").transpose(1, 2).flatten(1)
        return Linear(weight, self(f"{name}.bias"), gelu=True)

    def joined(self, attention: str, *parts: str) -> Linear:
        """Several projections of one input as one; keys have no bias."""
        weight = torch.cat([self(f"{attention}.{part}.weight") for part in parts])
        none = torch.zeros(weight.shape[1], dtype=self._dtype, device=self._device)
        return Linear(weight, torch.cat([none if p == "key" else self(f"{attention}.{p}.bias") for p in parts]))

    def encoder_block(self, name: str) -> EncoderBlock:
        return EncoderBlock(
            before=self.norm(f"{name}.attn_ln"),
            qkv=self.joined(f"{name}.attn", "query", "key", "value"),
            out=self.linear(f"{name}.attn.out"),
            middle=self.norm(f"{name}.mlp_ln"),
            up=self.linear(f"{name}.mlp.0", gelu=True),
            down=self.linear(f"{name}.mlp.2"),
        )

    def decoder_block(self, name: str) -> DecoderBlock:
        return DecoderBlock(
            **vars(self.encoder_block(name)),
            listening=self.norm(f"{name}.cross_attn_ln"),
            query=self.linear(f"{name}.cross_attn.query"),
            keys_values=self.joined(f"{name}.cross_attn", "key", "value"),
            listened=self.linear(f"{name}.cross_attn.out"),
        )


def _folded_attention(query: torch.Tensor, listening: Attended, folds: Folds) -> torch.Tensor:
    """Cross-attention (sequences, 1, width) of queries (sequences, heads, 1, d), where rows have several sequences.
    Keys and values are a row's: they are neither copied nor read once more for each of its sequences."""
    found, row, at = [], 0, 0
    for rows, width in folds:
        keys, values = (part[row : row + rows] for part in listening)
        together = folded(query[at : at + rows * width], width)
        found.append(unfolded(attention(together, keys, values)))
        row, at = row + rows, at + rows * width
    return found[0] if len(found) == 1 else torch.cat(found)


def _normed(x: torch.Tensor, norm: Norm) -> torch.Tensor:
    """Layer normalisation; torch computes its mean and variance in single precision whatever x is."""
    return F.layer_norm(x, (x.shape[-1],), *norm)


def _windows(x: torch.Tensor, *, stride: int) -> torch.Tensor:
    """Each place of x (rows, frames, channels) with the one before and the one after, `stride` places further each
    time; silence before the first and after the last: (rows, frames / stride, 3 * channels)."""
    rows, frames, channels = x.shape
    padded = F.pad(x, (0, 0, 1, 1)).contiguous()
    size, steps = (rows, frames // stride, 3 * channels), (padded.stride(0), stride * channels, 1)
    return padded.as_strided(size, steps)


def _headed(x: torch.Tensor, heads: int) -> torch.Tensor:
    """(rows, n, width) as (rows, heads, n, width / heads)."""
    return x.view(*x.shape[:2], heads, -1).transpose(1, 2)


def _merged(x: torch.Tensor) -> torch.Tensor:
    """And back."""
    return x.transpose(1, 2).flatten(2)
