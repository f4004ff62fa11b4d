"""Checkpoints in openai-whisper's format that know nothing: small, and of the right shape."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

ENGLISH_ONLY = 51_864  # tokens; a multilingual vocabulary has one more, and the tokens of its languages
MULTILINGUAL = 51_865
MULTILINGUAL_WITH_CANTONESE = 51_866  # since large-v3


def random_checkpoint(path: Path, vocabulary: int, mels: int = 80) -> Path:
    """A checkpoint of a few megabytes with random weights, always the same."""
    import torch
    import whisper

    torch.manual_seed(1)
    dims = whisper.ModelDimensions(
        n_mels=mels, n_audio_ctx=1500, n_audio_state=32, n_audio_head=2, n_audio_layer=1,
        n_vocab=vocabulary, n_text_ctx=448, n_text_state=32, n_text_head=2, n_text_layer=1,
    )  # fmt: skip
    model = whisper.model.Whisper(dims)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.02)  # some are left as they lie in memory otherwise
    torch.save({"dims": asdict(dims), "model_state_dict": model.half().state_dict()}, path)
    return path
