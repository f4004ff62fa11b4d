"""The network while it learns: Whisper with a small vocabulary, and a CTC head on its encoder that hastens it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
import whisper.model
from torch import Tensor, nn
from whisper.audio import mel_filters
from whisper.model import ModelDimensions, Whisper

from tools.demo_model.vocabulary import WHOLE, Vocabulary


@dataclass(frozen=True)
class Size:
    """How large it is. The bundled one is as it stands here."""

    width: int = 192
    heads: int = 3
    encoder_layers: int = 4
    decoder_layers: int = 3

    def dimensions(self, tokens: int) -> ModelDimensions:
        """As openai-whisper counts them."""
        encoder = (80, 1500, self.width, self.heads, self.encoder_layers)
        return ModelDimensions(*encoder, tokens, 448, self.width, self.heads, self.decoder_layers)


class Network(nn.Module):
    """Whisper's own modules, for windows of any length."""

    def __init__(self, size: Size, vocabulary: Vocabulary) -> None:
        super().__init__()
        self.size, self.vocabulary = size, vocabulary
        self.whisper = Whisper(size.dimensions(vocabulary.shared + 1))
        self.ctc = nn.Linear(size.width, vocabulary.blank + 1)
        for module in self.whisper.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.04)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        nn.init.normal_(self.whisper.decoder.token_embedding.weight, std=0.04)
        nn.init.normal_(self.whisper.decoder.positional_embedding, std=0.02)

    def encode(self, mel: Tensor) -> Tensor:
        """mel (clips, 80, frames) to (clips, frames / 2, width)."""
        encoder = self.whisper.encoder
        x = F.gelu(encoder.conv2(F.gelu(encoder.conv1(mel)))).permute(0, 2, 1)
        x = x + encoder.positional_embedding[: x.shape[1]]
        for block in encoder.blocks:
            x = block(x)
        return encoder.ln_post(x)  # type: ignore[no-any-return]

    def decode(self, rows: Tensor, audio: Tensor) -> Tensor:
        """rows (clips, tokens) and what was encoded to scores (clips, tokens, rows of the vocabulary)."""
        decoder = self.whisper.decoder
        x = decoder.token_embedding(rows) + decoder.positional_embedding[: rows.shape[1]]
        for block in decoder.blocks:
            x = block(x, audio, mask=decoder.mask)
        return decoder.ln(x) @ decoder.token_embedding.weight.t()  # type: ignore[no-any-return]

    def checkpoint(self) -> dict[str, Any]:
        """openai-whisper's format, the vocabulary whole again: what shares a row packs to almost nothing."""
        state = {name: value.detach().clone() for name, value in self.whisper.state_dict().items()}
        trained = state["decoder.token_embedding.weight"]
        whole = trained[self.vocabulary.shared][None].repeat(WHOLE, 1)
        whole[torch.tensor(self.vocabulary.tokens)] = trained[: self.vocabulary.shared]
        state["decoder.token_embedding.weight"] = whole
        half = {name: value.half() for name, value in state.items()}
        return {"dims": asdict(self.size.dimensions(WHOLE)), "model_state_dict": half}

    def export(self, path: Path) -> None:
        """Write a file that `whisper.load_model` reads."""
        torch.save(self.checkpoint(), path)


def log_mel(audio: Tensor) -> Tensor:
    """audio (clips, samples) to (clips, 80, frames), each as openai-whisper does it for one clip."""
    spectrum = torch.stft(audio, 400, 160, window=torch.hann_window(400), return_complex=True)
    power = spectrum[..., :-1].abs() ** 2
    loudness = (_filters() @ power).clamp(min=1e-10).log10()
    loudness = torch.maximum(loudness, loudness.amax((1, 2), keepdim=True) - 8)
    return (loudness + 4) / 4


@cache
def _filters() -> Tensor:
    return mel_filters("cpu", 80)  # type: ignore[no-any-return]


@contextmanager
def plain_attention() -> Iterator[None]:
    """Attention written out: on a CPU the backward of torch's fused one takes several times as long in bfloat16."""
    attention = whisper.model.MultiHeadAttention
    before = attention.qkv_attention
    attention.qkv_attention = _attention
    try:
        yield
    finally:
        attention.qkv_attention = before


def _attention(self: Any, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> tuple[Tensor, None]:
    clips, queries, width = q.shape
    heads, keys = self.n_head, k.shape[1]
    q = q.view(clips, queries, heads, -1).transpose(1, 2) * (width // heads) ** -0.5
    k = k.view(clips, keys, heads, -1).permute(0, 2, 3, 1)
    v = v.view(clips, keys, heads, -1).transpose(1, 2)
    scores = q @ k
    with torch.autocast("cpu", enabled=False):
        if mask is not None:
            scores = scores + mask[:queries, :queries].to(scores.dtype)
        out = scores.softmax(-1) @ v
    return out.transpose(1, 2).flatten(2), None
